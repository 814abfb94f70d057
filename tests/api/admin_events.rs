//! The webhook inbox as administrators see it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    payments::bench,
    support::server::{Answer, TestServer},
};

async fn ask(server: &TestServer, path: &str) -> Answer {
    let admin = server.admin().await;
    server.get_as(&admin.token, &format!("/api/admin/stripe-events{path}")).await
}

async fn decide(server: &TestServer, path: &str, body: Option<Value>) -> Answer {
    let admin = server.admin().await;
    server.call(Method::POST, &format!("/api/admin/stripe-events{path}"), Some(&admin.token), body).await
}

fn id(event: &Value) -> &str {
    event["id"].as_str().unwrap()
}

#[tokio::test]
async fn the_inbox_is_listed_in_pages_by_state_type_id_and_day() {
    let server = TestServer::empty().await;
    let row = |number: u32| {
        format!(
            "('evt_{number}', ELT(1 + {number} % 2, 'charge.refunded', 'invoice.payment_failed'), IF({number} % 5 = 0, 'UNMATCHED', 'PROCESSED'),
              'cs_{number}', '{{}}', '2026-03-09 22:59:00')"
        )
    };
    let rows: Vec<_> = (0..25).map(row).collect();
    let insert = "INSERT INTO stripe_events (id, type, status, object_id, payload, received_at) VALUES ";
    server.execute(&format!("{insert}{}", rows.join(","))).await;
    server.execute(r"UPDATE stripe_events SET object_id = 'cs%_\\' WHERE id = 'evt_3'").await;
    let mut seen = BTreeSet::new();
    for number in 1..=3 {
        let page = ask(&server, &format!("?page={number}&limit=10")).await.ok(200).clone();
        assert_eq!(page["pagination"], json!({"page": number, "limit": 10, "total": 25, "totalPages": 3}));
        let counts = json!({"processed": 20, "failed": 0, "unmatched": 5, "discarded": 0, "parked": 0});
        assert_eq!(page["counts"], counts);
        seen.extend(page["data"].as_array().unwrap().iter().map(|event| event["id"].to_string()));
    }
    assert_eq!(seen.len(), 25, "all of the same instant, each once");
    for (query, total) in [
        ("status=UNMATCHED", 5),
        ("type=charge.refunded", 13),
        ("type=charge.refunded&status=UNMATCHED", 3),
        ("type=%C3%A9", 0),
        ("search=evt_1", 11),
        ("search=cs_24", 1),
        ("search=%25_%5C", 1),
        ("search=%25%25", 0),
        ("search=%C3%A9", 0),
        ("dateFrom=2026-03-09&dateTo=2026-03-09", 25),
        ("dateFrom=2026-03-10", 0),
    ] {
        let list = ask(&server, &format!("?{query}")).await.ok(200).clone();
        assert_eq!(list["pagination"]["total"], total, "{query}");
    }
    for (query, field) in [("status=LOST", "status"), ("dateTo=hier", "dateTo"), ("limit=-1", "limit")] {
        ask(&server, &format!("?{query}")).await.refused_fields(&[field]);
    }
    server.count("stripe_events").await;
}

#[tokio::test]
async fn an_event_that_met_no_order_is_applied_once_it_does() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let client = server.client().await;
    let order = bench::author_order(&server, &client.token).await;
    // The session is not found where it is looked for.
    server.execute("UPDATE checkout_sessions SET stripe_session_id = CONCAT(stripe_session_id, 'x')").await;
    let event = bench::completed(&order.session);
    bench::deliver(&server, &event).await.refused(404, "NOT_FOUND");
    let list = ask(&server, "?status=UNMATCHED").await.ok(200).clone();
    assert_eq!((&list["data"][0]["id"], &list["data"][0]["objectId"]), (&event["id"], &json!(order.session)));
    let answer = ask(&server, &format!("/{}", id(&event))).await;
    let detail = &answer.ok(200)["data"];
    assert_eq!(
        (
            &detail["type"],
            &detail["payload"]["data"]["object"]["amount_total"],
            &detail["payload"]["data"]["object"]["payment_status"]
        ),
        (&json!("checkout.session.completed"), &json!(bench::PRICE), &json!("paid"))
    );
    for private in ["Camille", "zoe@example.com", "Lilas"] {
        assert!(!answer.text().contains(private), "{private}");
    }
    let retry = format!("/{}/retry", id(&event));
    let again = decide(&server, &retry, None).await.ok(200).clone();
    assert_eq!(
        (&again["data"]["status"], &again["data"]["attempts"]),
        (&json!("UNMATCHED"), &json!(2)),
        "{again}"
    );
    server.execute("UPDATE checkout_sessions SET stripe_session_id = LEFT(stripe_session_id, CHAR_LENGTH(stripe_session_id) - 1)").await;
    // Of those who ask at once, one applies it.
    let asked = futures_util::future::join_all((0..3).map(|_| decide(&server, &retry, None))).await;
    assert!(
        asked.iter().any(|answer| answer.status == 200 && answer.body["data"]["status"] == "PROCESSED"),
        "{:?}",
        asked[0].body
    );
    assert_eq!(server.count("payments").await, 1);
    assert_eq!(server.count("invoices").await, 1);
    decide(&server, &retry, None).await.refused(409, "EVENT_SETTLED");
    let discard = format!("/{}/discard", id(&event));
    decide(&server, &discard, Some(json!({"comment": "Trop tard."}))).await.refused(409, "EVENT_SETTLED");
    let acts = server.texts("SELECT CONCAT(target_type, ' ', severity, ' ', actor_email) FROM audit_logs WHERE action = 'STRIPE_EVENT_RETRIED'").await;
    assert!(acts.len() >= 2 && acts[0] == "payment MEDIUM admin@example.com", "{acts:?}");
}

#[tokio::test]
async fn an_event_is_given_up_for_a_reason_and_stays_so() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let event = bench::completed("cs_test_of_nobody");
    bench::deliver(&server, &event).await.refused(404, "NOT_FOUND");
    let path = format!("/{}/discard", id(&event));
    for body in [json!({"comment": " "}), json!({"comment": "é".repeat(1_001)})] {
        decide(&server, &path, Some(body)).await.refused_fields(&["comment"]);
    }
    decide(&server, &path, Some(json!({}))).await.refused(400, "VALIDATION_ERROR");
    let bells = server.count("notifications WHERE title LIKE 'Un événement de Stripe%'").await;
    let gone =
        decide(&server, &path, Some(json!({"comment": " Remboursé à la main. "}))).await.ok(200).clone();
    assert_eq!(
        (
            &gone["data"]["status"],
            &gone["data"]["comment"],
            &gone["data"]["nextAttemptAt"],
            &gone["data"]["discardedAt"]
        ),
        (
            &json!("DISCARDED"),
            &json!("Remboursé à la main."),
            &Value::Null,
            &json!("2026-03-10T09:00:00.000Z")
        )
    );
    let act = server
        .row("SELECT severity, target_id, details FROM audit_logs WHERE action = 'STRIPE_EVENT_DISCARDED'")
        .await;
    assert_eq!((act[0].as_deref(), act[1].as_deref()), (Some("HIGH"), event["id"].as_str()));
    let details: Value = serde_json::from_str(act[2].as_deref().unwrap()).unwrap();
    assert_eq!(
        details,
        json!({"type": "checkout.session.completed", "status": "UNMATCHED", "comment": "Remboursé à la main."})
    );
    let rung = server.count("notifications WHERE title LIKE 'Un événement de Stripe%'").await;
    assert!(rung > bells, "the administrators are told");
    // Nothing personal is left of it, and Stripe may repeat it as it likes.
    let kept = server.value("SELECT payload FROM stripe_events").await.unwrap();
    assert!(!kept.contains("Camille") && kept.contains("cs_test_of_nobody"), "{kept}");
    assert_eq!(bench::deliver(&server, &event).await.status, 200);
    let detail = ask(&server, &format!("/{}", id(&event))).await.ok(200)["data"].clone();
    assert_eq!(detail["status"], "DISCARDED");
    decide(&server, &path, Some(json!({"comment": "Encore."}))).await.refused(409, "EVENT_SETTLED");
    decide(&server, &format!("/{}/retry", id(&event)), None).await.refused(409, "EVENT_SETTLED");
    for unknown in ["/evt_unknown", "/%C3%A9v%C3%A9nement"] {
        ask(&server, unknown).await.refused(404, "NOT_FOUND");
        decide(&server, &format!("{unknown}/retry"), None).await.refused(404, "NOT_FOUND");
        decide(&server, &format!("{unknown}/discard"), Some(json!({"comment": "Rien."})))
            .await
            .refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn one_that_fails_again_goes_back_to_the_job() {
    let server = TestServer::start().await;
    server.ignore_mails();
    // An object that is none of its type: it cannot be read, today or tomorrow.
    let event =
        bench::event("checkout.session.completed", json!({"id": 7, "metadata": {"source": "livrestaka.fr"}}));
    bench::deliver(&server, &event).await.refused(400, "UNREADABLE_EVENT");
    let failed = ask(&server, "?status=FAILED").await.ok(200)["data"][0].clone();
    assert_eq!((&failed["error"].is_string(), &failed["attempts"]), (&true, &json!(1)), "{failed}");
    let again = decide(&server, &format!("/{}/retry", id(&event)), None).await.ok(200).clone();
    assert_eq!(
        (&again["data"]["status"], &again["data"]["attempts"]),
        (&json!("FAILED"), &json!(2)),
        "{again}"
    );
    assert_eq!(again["data"]["nextAttemptAt"], Value::Null, "nothing will change by waiting");
    server.count("stripe_events").await;
}
