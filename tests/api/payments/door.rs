//! The webhook's door: signature, then source, then what it answers.

use chrono::Duration;
use serde_json::json;

use super::bench::{
    accepted, completed, deliver, deliver_to, event, guest_order, paid_once, paid_session, post_webhook,
    signed,
};
use crate::support::server::{TestServer, WEBHOOK_SECRET};

const ADDRESSES: [&str; 4] =
    ["/payments/webhook", "/api/payments/webhook", "//payments//webhook", "/api//payments/webhook/"];

#[tokio::test]
async fn every_address_takes_the_event() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    for address in ADDRESSES {
        let event = completed(&waiting.session);
        let answer = deliver_to(&server, address, &event).await;
        assert_eq!(answer.status, 200, "{address}");
        assert_eq!(answer.body, json!({ "received": true, "eventType": "checkout.session.completed" }));
        let refused = post_webhook(&server, address, None, event.to_string()).await;
        assert_eq!((refused.status.as_u16(), &refused.body["received"]), (400, &json!(false)), "{address}");
    }
    paid_once(&server).await;
    assert_eq!(server.count("stripe_events").await, 4);
    let wrong_verb = server.get("/payments/webhook").await;
    assert_eq!((wrong_verb.status.as_u16(), wrong_verb.headers["allow"].to_str().unwrap()), (405, "POST"));
}

#[tokio::test]
async fn what_stripe_did_not_sign_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let body = completed(&waiting.session).to_string();
    let now = signed(&server, &body, WEBHOOK_SECRET);
    let other_body = body.replace("28000", "1");
    let no_event = "{\"object\":\"event\"}".to_owned();
    let of_no_event = signed(&server, &no_event, WEBHOOK_SECRET);
    let forged = signed(&server, &body, "whsec_of_someone_else");
    let cases = [
        (None, body.clone()),
        (Some("t=1"), body.clone()),
        (Some("nonsense"), body.clone()),
        (Some(forged.as_str()), body.clone()),
        (Some(now.as_str()), other_body),
        (Some(of_no_event.as_str()), no_event),
    ];
    for (signature, body) in cases {
        let answer = post_webhook(&server, "/payments/webhook", signature, body).await;
        assert_eq!(answer.status, 400, "{signature:?}");
        assert_eq!(answer.body["received"], false);
        assert_eq!(answer.body["code"], "INVALID_SIGNATURE");
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
    // Too old by a second, then from the future.
    for seconds in [301, -602] {
        server.clock.advance(Duration::seconds(seconds));
        let answer = post_webhook(&server, "/payments/webhook", Some(&now), body.clone()).await;
        assert_eq!(answer.status, 400, "{seconds}");
    }
    let as_text =
        server.http.post(format!("{}/payments/webhook", server.base)).header("content-type", "text/plain");
    let as_text =
        as_text.header("stripe-signature", signed(&server, &body, WEBHOOK_SECRET)).body(body.clone());
    assert_eq!(as_text.send().await.unwrap().status(), 400);
    assert_eq!(server.count("stripe_events").await, 0);
    assert_eq!(server.count("invoices").await, 0);
    // Within the tolerance the same bytes are good.
    server.clock.advance(Duration::seconds(301 + 300));
    assert_eq!(post_webhook(&server, "/payments/webhook", Some(&now), body).await.status, 200);
}

#[tokio::test]
async fn two_secrets_are_valid_while_one_replaces_the_other() {
    let server = TestServer::with(&[("STRIPE_WEBHOOK_SECRET", "whsec_old, whsec_new")]).await;
    for (secret, status) in [("whsec_old", 200), ("whsec_new", 200), (WEBHOOK_SECRET, 400)] {
        let body =
            event("invoice.payment_failed", json!({ "metadata": { "source": "livrestaka.fr" } })).to_string();
        let signature = signed(&server, &body, secret);
        assert_eq!(
            post_webhook(&server, "/payments/webhook", Some(&signature), body).await.status,
            status,
            "{secret}"
        );
    }
}

#[tokio::test]
async fn events_of_other_sites_are_ignored() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    for (source, told) in [(json!({ "source": "autre.fr" }), "autre.fr"), (json!({}), "undefined")] {
        let mut session = paid_session(&waiting.session);
        session["metadata"] = source.clone();
        let answer = deliver(&server, &event("checkout.session.completed", session)).await;
        assert_eq!(answer.status, 200);
        let reason = answer.body["reason"].as_str().unwrap();
        assert!(!reason.is_empty());
        let shape = json!({ "received": true, "ignored": true, "reason": reason, "eventSource": told,
            "allowedSources": ["livrestaka.fr"] });
        assert_eq!(answer.body, shape);

        let kinds = [
            "payment_intent.payment_failed",
            "charge.refunded",
            "invoice.payment_succeeded",
            "customer.created",
        ];
        for kind in kinds {
            let object = json!({ "id": "x_1", "payment_intent": "pi_x", "metadata": source });
            let answer = deliver(&server, &event(kind, object)).await;
            let reason = answer.body["reason"].clone();
            assert!(reason.is_string(), "{:?}", answer.body);
            let shape = json!({ "received": true, "ignored": true, "reason": reason, "eventType": kind });
            assert_eq!((answer.status.as_u16(), answer.body), (200, shape));
        }
    }
    // What may still turn out to be ours waits, and does nothing.
    assert_eq!(server.count("stripe_events WHERE status <> 'PARKED'").await, 0);
    assert_eq!(server.count("invoices").await, 0);
}

#[tokio::test]
async fn kinds_we_do_nothing_with_are_recorded() {
    let server = TestServer::start().await;
    for kind in ["invoice.payment_succeeded", "invoice.payment_failed", "customer.created"] {
        accepted(&server, &event(kind, json!({ "metadata": { "source": "livrestaka.fr" } }))).await;
    }
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED'").await, 3);
}

#[tokio::test]
async fn a_session_of_nobody_is_told_once_and_repeated_by_stripe() {
    let server = TestServer::start().await;
    let event = completed("cs_test_of_nobody");
    for _ in 0..3 {
        let answer = deliver(&server, &event).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.body["received"], false);
        assert_eq!(answer.body["code"], "NOT_FOUND");
    }
    // Another event about the same session is no more news.
    assert_eq!(deliver(&server, &completed("cs_test_of_nobody")).await.status, 404);
    assert_eq!(server.count("stripe_events WHERE status = 'UNMATCHED'").await, 2);
    assert_eq!(server.count("stripe_events WHERE attempts = 3").await, 1);
    server.work().await;
    assert_eq!(server.mail_kinds().await, [("admin-warning".to_owned(), "equipe@staka.test".to_owned())]);
    assert_eq!(server.count("notifications WHERE title = 'Paiement sans commande'").await, 1);
    assert_eq!(server.count("invoices").await, 0);
}
