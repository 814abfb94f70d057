//! Money given back from the dashboard.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Desk;
use crate::payments::bench::{PRICE, accepted, author_order, completed, event};

/// An order of the client, paid through the simulated Stripe; with its payment intent.
async fn paid(desk: &Desk) -> (Uuid, String) {
    desk.server.ignore_mails();
    let waiting = author_order(&desk.server, &desk.client.token).await;
    desk.server.pay(&waiting.session).await;
    accepted(&desk.server, &completed_of(desk, &waiting.session).await).await;
    let intent = desk.server.value("SELECT stripe_payment_intent_id FROM payments").await.unwrap();
    (waiting.order, intent)
}

/// What Stripe tells of a session that was paid, as it knows it.
async fn completed_of(desk: &Desk, session: &str) -> Value {
    let known = desk.server.state.stripe.session(session).await.unwrap();
    let mut event = completed(session);
    event["data"]["object"]["payment_intent"] = json!(known.payment_intent.as_ref().unwrap().id);
    event
}

async fn refund(desk: &Desk, id: Uuid, body: Value) -> crate::support::server::Answer {
    desk.ask(Method::POST, &format!("/{id}/refund"), Some(body)).await
}

#[tokio::test]
async fn a_part_and_then_the_rest_go_back_once_each() {
    let desk = Desk::open().await;
    let (id, intent) = paid(&desk).await;
    let preview = desk.ask(Method::GET, &format!("/{id}/refund?amount=8000"), None).await.ok(200).clone();
    assert_eq!((&preview["paid"], &preview["left"]), (&json!(PRICE), &json!(PRICE - 8_000)));
    assert_eq!(
        (&preview["creditNote"]["amount"], &preview["creditNote"]["taxAmount"]),
        (&json!(-8_000), &json!(-1_333))
    );
    // A double click, and one more: one refund.
    let clicks =
        join_all((0..3).map(|_| refund(&desk, id, json!({ "amount": 8_000, "reason": "Geste commercial" }))))
            .await;
    for click in &clicks {
        assert_eq!(click.ok(200)["amount"], 8_000);
    }
    assert_eq!(desk.server.count("refund_requests WHERE state = 'SENT'").await, 1);
    let charge = json!({ "id": "ch_1", "object": "charge", "payment_intent": intent, "amount": PRICE, "amount_refunded": 8_000,
        "metadata": { "source": "livrestaka.fr" } });
    accepted(&desk.server, &event("charge.refunded", charge)).await;
    assert_eq!(desk.server.count("invoices WHERE kind = 'CREDIT_NOTE' AND amount = 8000").await, 1);
    refund(&desk, id, json!({ "amount": PRICE })).await.refused(400, "VALIDATION_ERROR");
    // All that is left is the rest, however soon; a double click on it is one.
    for _ in 0..2 {
        assert_eq!(refund(&desk, id, json!({})).await.ok(200)["amount"], PRICE - 8_000);
    }
    assert_eq!(desk.server.count("refund_requests").await, 2);
    desk.server.advance(chrono::Duration::minutes(2));
    refund(&desk, id, json!({})).await.refused(409, "NOTHING_TO_REFUND");
    let acts = desk.acts(id).await;
    assert_eq!(acts.iter().filter(|act| *act == "REFUND_REQUESTED").count(), 2, "{acts:?}");
}

#[tokio::test]
async fn nothing_paid_is_nothing_to_give_back() {
    let desk = Desk::open().await;
    let id = desk.server.unpaid_order(&desk.client).await;
    refund(&desk, id, json!({})).await.refused(409, "NOTHING_TO_REFUND");
    desk.ask(Method::GET, &format!("/{id}/refund"), None).await.refused(409, "NOTHING_TO_REFUND");
    refund(&desk, Uuid::nil(), json!({})).await.refused(404, "NOT_FOUND");
    assert_eq!(desk.server.count("refund_requests").await, 0);
}

#[tokio::test]
async fn what_stripe_refuses_is_told_and_can_be_asked_again() {
    let desk = Desk::open().await;
    let (id, _) = paid(&desk).await;
    // A payment that Stripe knows nothing of.
    desk.server.execute("UPDATE payments SET stripe_payment_intent_id = 'pi_unknown'").await;
    refund(&desk, id, json!({})).await.refused(409, "REFUND_REFUSED");
    refund(&desk, id, json!({})).await.refused(409, "REFUND_REFUSED");
    assert_eq!(desk.server.count("refund_requests WHERE state = 'REFUSED'").await, 2);
}

#[tokio::test]
async fn a_request_cut_off_is_sent_by_itself() {
    let desk = Desk::open().await;
    let (id, _) = paid(&desk).await;
    refund(&desk, id, json!({ "amount": 1_000 })).await.ok(200);
    // As a server leaves it that died before it heard from Stripe: the same key is sent again, and money goes back once.
    desk.server
        .execute("UPDATE refund_requests SET state = 'REQUESTED', stripe_id = NULL, next_attempt_at = '2026-03-10 09:00:00'")
        .await;
    assert_eq!(desk.server.run_job("refund_requests").await, 1);
    assert_eq!(desk.server.count("refund_requests WHERE state = 'SENT' AND stripe_id IS NOT NULL").await, 1);
    assert_eq!(
        desk.server.value("SELECT SUM(refunded) FROM dev_stripe_sessions").await.as_deref(),
        Some("1000")
    );
}
