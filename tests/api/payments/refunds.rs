//! Money given back, and payments disputed.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::bench::{
    PRICE, accepted, author_order, completed, deliver, event, guest_order, mails_of, open, post_webhook,
    signed, value, values,
};
use crate::support::server::{CLIENT, TestServer, WEBHOOK_SECRET};

/// The charge of a session's payment with what was given back of it in all.
fn charge(session: &str, refunded: i64) -> Value {
    json!({ "id": "ch_1", "object": "charge", "payment_intent": format!("pi_of_{session}"), "amount": PRICE,
        "amount_refunded": refunded, "metadata": { "source": "livrestaka.fr" } })
}

async fn paid(server: &TestServer) -> String {
    let waiting = guest_order(server, "zoe@example.com").await;
    accepted(server, &completed(&waiting.session)).await;
    waiting.session
}

async fn credit_notes(server: &TestServer) -> Vec<String> {
    values(
        server,
        "SELECT CONCAT(number, ' ', amount, ' ', tax_amount, ' ', status) FROM invoices WHERE kind = 'CREDIT_NOTE' ORDER BY number",
    )
    .await
}

#[tokio::test]
async fn refunds_give_one_credit_note_each() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let session = paid(&server).await;
    server.work().await;
    let part = event("charge.refunded", charge(&session, 8_000));
    for _ in 0..2 {
        accepted(&server, &part).await;
    }
    accepted(&server, &event("charge.refunded", charge(&session, 8_000))).await;
    assert_eq!(credit_notes(&server).await, ["AV-2026-000001 8000 1333 PAID"]);
    accepted(&server, &event("charge.refunded", charge(&session, PRICE))).await;
    // Late: less than what is given back already.
    accepted(&server, &event("charge.refunded", charge(&session, 8_000))).await;
    // More than was paid is a mistake of somebody, and never credited.
    accepted(&server, &event("charge.refunded", charge(&session, PRICE + 1))).await;
    assert_eq!(
        credit_notes(&server).await,
        ["AV-2026-000001 8000 1333 PAID", "AV-2026-000002 20000 3334 PAID"]
    );
    let sum = "SELECT SUM(CASE kind WHEN 'REFUND' THEN -amount ELSE amount END) FROM payments";
    assert_eq!(value(&server, sum).await.unwrap(), "0");
    assert_eq!(server.count("payments WHERE kind = 'REFUND' AND invoice_id IS NOT NULL").await, 2);
    server.work().await;
    assert_eq!(mails_of(&server, "invoice-user").await, 3);
    let mails = server.mailbox().await;
    let mail =
        mails.iter().find(|mail| mail["subject"].as_str().unwrap().contains("AV-2026-000002")).unwrap();
    assert_eq!(mail["attachments"][0]["filename"], "avoir-AV-2026-000002.pdf");
    // The series of the invoices has no hole.
    accepted(&server, &completed(&guest_order(&server, "leo@example.com").await.session)).await;
    assert_eq!(server.count("invoices WHERE number = 'FA-2026-000002'").await, 1);
}

#[tokio::test]
async fn refunds_told_at_once_are_credited_once() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let session = paid(&server).await;
    let events: Vec<_> = [5_000, 5_000, 9_000, 9_000, PRICE, PRICE]
        .map(|sum| event("charge.refunded", charge(&session, sum)))
        .into();
    for answer in join_all(events.iter().map(|event| deliver(&server, event))).await {
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    let sum = "SELECT SUM(amount) FROM invoices WHERE kind = 'CREDIT_NOTE'";
    assert_eq!(value(&server, sum).await.unwrap(), PRICE.to_string());
}

#[tokio::test]
async fn a_refund_through_the_simulated_stripe_comes_by_webhook() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    server.pay(&waiting.session).await;
    let intent = value(&server, "SELECT stripe_payment_intent_id FROM payments").await.unwrap();
    server.state.stripe.refund(uuid::Uuid::nil(), &intent, Some(1_000)).await.unwrap();
    let events = server.get(&format!("/dev/stripe/events?sessionId={}", waiting.session)).await.body;
    let refund = events.as_array().unwrap().iter().find(|event| event["type"] == "charge.refunded").unwrap();
    for _ in 0..2 {
        let path = format!("/dev/stripe/events/{}/resend", refund["id"].as_str().unwrap());
        let sent = server.post(&path, &Value::Null).await;
        assert_eq!(sent.body["lastStatus"], 200, "{:?}", sent.body);
    }
    assert_eq!(credit_notes(&server).await, ["AV-2026-000001 1000 167 PAID"]);
}

#[tokio::test]
async fn a_refund_faster_than_its_payment_waits_for_it() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let refund = event("charge.refunded", charge(&waiting.session, PRICE));
    assert_eq!(deliver(&server, &refund).await.status, 404);
    accepted(&server, &completed(&waiting.session)).await;
    accepted(&server, &refund).await;
    assert_eq!(credit_notes(&server).await, ["AV-2026-000001 28000 4667 PAID"]);
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED'").await, 2);
}

#[tokio::test]
async fn a_second_payment_given_back_needs_no_credit_note() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let first = author_order(&server, &token).await;
    let second = open(&server, &token, first.order).await;
    for session in [&first.session, &second] {
        accepted(&server, &completed(session)).await;
    }
    // It was never invoiced; the books still show it coming and going.
    for _ in 0..2 {
        accepted(&server, &event("charge.refunded", charge(&second, PRICE))).await;
    }
    assert_eq!(credit_notes(&server).await, Vec::<String>::new());
    let rows = "SELECT CONCAT(kind, ' ', invoice_id IS NULL) FROM payments ORDER BY created_at, id";
    assert_eq!(values(&server, rows).await, ["PAYMENT 0", "PAYMENT 1", "REFUND 1"]);
}

#[tokio::test]
async fn a_charge_without_source_waits_for_its_payment() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let mut bare = charge(&waiting.session, PRICE);
    bare["metadata"] = json!({});
    bare["billing_details"] = json!({ "name": "Zoé Lefèvre" });
    let dispute = json!({ "id": "dp_1", "object": "dispute", "payment_intent": format!("pi_of_{}", waiting.session),
        "amount": PRICE, "reason": "fraudulent", "metadata": {} });
    let (refund, dispute) = (event("charge.refunded", bare), event("charge.dispute.created", dispute));
    for told in [&refund, &dispute, &refund] {
        let answer = deliver(&server, told).await;
        assert_eq!((answer.status.as_u16(), &answer.body["ignored"]), (200, &json!(true)));
    }
    assert_eq!(server.count("stripe_events WHERE status = 'PARKED'").await, 2);
    assert_eq!(server.count("stripe_events WHERE payload LIKE '%Lef%'").await, 0);
    assert_eq!(server.count("notifications WHERE title LIKE 'Paiement%'").await, 0);
    accepted(&server, &completed(&waiting.session)).await;
    assert_eq!(credit_notes(&server).await, ["AV-2026-000001 28000 4667 PAID"]);
    assert_eq!(server.count("notifications WHERE title = 'Paiement contesté'").await, 1);
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED'").await, 3);
    for told in [&refund, &dispute] {
        assert_eq!(deliver(&server, told).await.status, 200);
    }
    assert_eq!(credit_notes(&server).await.len(), 1);
    // One that never becomes ours is forgotten.
    let other =
        json!({ "id": "ch_2", "payment_intent": "pi_of_another_site", "amount": 5, "amount_refunded": 5 });
    assert_eq!(deliver(&server, &event("charge.refunded", other)).await.status, 200);
    server.clock.advance(chrono::Duration::days(31));
    assert_eq!(server.run_job("purge_parked_events").await, 1);
}

#[tokio::test]
async fn a_refund_and_its_payment_told_at_once_find_each_other() {
    let server = TestServer::start().await;
    server.ignore_mails();
    for round in 0..8 {
        let waiting = guest_order(&server, &format!("zoe{round}@example.com")).await;
        let mut bare = charge(&waiting.session, PRICE);
        bare["id"] = json!(format!("ch_{round}"));
        bare["metadata"] = json!({});
        let events = [completed(&waiting.session), event("charge.refunded", bare)];
        for answer in join_all(events.iter().map(|event| deliver(&server, event))).await {
            assert_eq!(answer.status, 200, "{:?}", answer.body);
        }
        assert_eq!(credit_notes(&server).await.len(), round + 1);
    }
    assert_eq!(server.count("stripe_events WHERE status <> 'PROCESSED'").await, 0);
}

#[tokio::test]
async fn partial_credit_notes_give_back_the_vat_of_their_invoice_to_the_cent() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let session = paid(&server).await;
    for sum in [1, 2, 3, 10_003, 10_100, 27_999, PRICE] {
        accepted(&server, &event("charge.refunded", charge(&session, sum))).await;
    }
    let sums = "SELECT CONCAT(SUM(amount), ' ', SUM(tax_amount)) FROM invoices GROUP BY kind ORDER BY kind";
    assert_eq!(values(&server, sums).await, ["28000 4667", "28000 4667"]);
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NULL").await, 0);
}

#[tokio::test]
async fn a_refund_is_credited_whatever_became_of_the_snapshots_of_its_invoice() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let session = paid(&server).await;
    server.execute("UPDATE invoices SET buyer = '\"Zoé\"', items = '{}'").await;
    accepted(&server, &event("charge.refunded", charge(&session, PRICE))).await;
    assert_eq!(credit_notes(&server).await, ["AV-2026-000001 28000 4667 PAID"]);
}

#[tokio::test]
async fn a_charge_without_source_is_known_by_its_payment() {
    let server = TestServer::start().await;
    let session = paid(&server).await;
    let mut bare = charge(&session, 1_000);
    bare["metadata"] = json!({});
    accepted(&server, &event("charge.refunded", bare)).await;
    assert_eq!(credit_notes(&server).await.len(), 1);

    let dispute = json!({ "id": "dp_1", "object": "dispute", "payment_intent": format!("pi_of_{session}"),
        "amount": PRICE, "reason": "fraudulent", "metadata": {} });
    for _ in 0..2 {
        accepted(&server, &event("charge.dispute.created", dispute.clone())).await;
    }
    assert_eq!(server.count("notifications WHERE title = 'Paiement contesté'").await, 1);
    assert_eq!(mails_of(&server, "admin-warning").await, 1);
    // Of another site.
    let other = json!({ "id": "dp_2", "payment_intent": "pi_of_another_site", "amount": 1, "metadata": {} });
    let body = event("charge.dispute.created", other).to_string();
    let signature = signed(&server, &body, WEBHOOK_SECRET);
    let answer = post_webhook(&server, "/payments/webhook", Some(&signature), body).await;
    assert_eq!((answer.status.as_u16(), &answer.body["ignored"]), (200, &json!(true)));
    assert_eq!(mails_of(&server, "admin-warning").await, 1);
}
