//! Webhooks that cannot be applied now: kept, and applied later, once.

use chrono::Duration;
use serde_json::json;

use super::bench::{
    accepted, completed, deliver, event, execute, guest_order, mails, mails_of, paid_once, post_webhook,
    signed, value,
};
use crate::support::server::{TestServer, WEBHOOK_SECRET};

/// The last write of a settlement fails from now on.
async fn break_settlements(server: &TestServer) {
    let trigger = "CREATE TRIGGER broken BEFORE INSERT ON payments FOR EACH ROW
                   SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'secret detail'";
    execute(server, trigger).await;
}

async fn repair(server: &TestServer) {
    execute(server, "DROP TRIGGER broken").await;
}

async fn nothing_settled(server: &TestServer) {
    for table in ["commandes", "invoices", "payments", "messages", "invoice_counters"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
    assert_eq!(server.count("users WHERE email = 'zoe@example.com'").await, 0);
    assert_eq!(mails(server).await, ["admin-project-payment-pending"]);
    assert_eq!(server.count("checkout_sessions WHERE status = 'OPEN'").await, 1);
    assert_eq!(server.count("pending_commandes WHERE status = 'PENDING'").await, 1);
}

#[tokio::test]
async fn a_failed_event_is_kept_and_tried_again_by_ourselves() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    break_settlements(&server).await;
    let answer = deliver(&server, &completed(&waiting.session)).await;
    assert_eq!(answer.status, 500);
    assert_eq!((&answer.body["received"], &answer.body["code"]), (&json!(false), &json!("INTERNAL_ERROR")));
    assert!(!answer.body.to_string().contains("secret detail"));
    nothing_settled(&server).await;
    let kept =
        value(&server, "SELECT CONCAT(status, ' ', attempts, ' ', last_error) FROM stripe_events").await;
    assert_eq!(kept.unwrap(), "FAILED 1 INTERNAL_ERROR: database 45000");

    assert_eq!(server.run_job("stripe_events").await, 0); // not due
    // The pauses grow: one minute, two, four.
    for (minutes, attempts) in [(1, 2), (2, 3), (4, 4)] {
        server.clock.advance(Duration::minutes(minutes) - Duration::seconds(1));
        assert_eq!(server.run_job("stripe_events").await, 0);
        assert_eq!(
            value(&server, "SELECT attempts FROM stripe_events").await.unwrap(),
            (attempts - 1).to_string()
        );
        server.clock.advance(Duration::seconds(1));
        assert_eq!(server.run_job("stripe_events").await, 0);
        assert_eq!(value(&server, "SELECT attempts FROM stripe_events").await.unwrap(), attempts.to_string());
    }
    repair(&server).await;
    server.clock.advance(Duration::hours(1));
    assert_eq!(server.run_job("stripe_events").await, 1);
    assert_eq!(server.run_job("stripe_events").await, 0);
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED' AND last_error IS NULL").await, 1);
    paid_once(&server).await;
    assert_eq!(value(&server, "SELECT number FROM invoices").await.unwrap(), "FA-2026-000001");
}

#[tokio::test]
async fn a_repeated_delivery_settles_what_failed() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    let event = completed(&waiting.session);
    break_settlements(&server).await;
    for attempts in 1..=2 {
        assert_eq!(deliver(&server, &event).await.status, 500);
        assert_eq!(server.count(&format!("stripe_events WHERE attempts = {attempts}")).await, 1);
    }
    nothing_settled(&server).await;
    repair(&server).await;
    accepted(&server, &event).await;
    accepted(&server, &event).await;
    server.clock.advance(Duration::hours(2));
    assert_eq!(server.run_job("stripe_events").await, 0);
    paid_once(&server).await;
}

#[tokio::test]
async fn a_table_away_is_no_loss() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    execute(&server, "RENAME TABLE invoice_counters TO invoice_counters_away").await;
    assert_eq!(deliver(&server, &completed(&waiting.session)).await.status, 500);
    execute(&server, "RENAME TABLE invoice_counters_away TO invoice_counters").await;
    nothing_settled(&server).await;
    server.clock.advance(Duration::minutes(1));
    assert_eq!(server.run_job("stripe_events").await, 1);
    paid_once(&server).await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_waits_for_someone() {
    let server = TestServer::start().await;
    let odd = event("checkout.session.completed", json!({ "metadata": { "source": "livrestaka.fr" } }));
    assert_eq!(deliver(&server, &odd).await.status, 400);
    assert_eq!(server.count("stripe_events WHERE status = 'FAILED' AND next_attempt_at IS NULL").await, 1);
    // Given up by an administrator: never tried again, whoever sends it.
    execute(&server, "UPDATE stripe_events SET status = 'DISCARDED', next_attempt_at = NULL").await;
    let body = odd.to_string();
    let signature = signed(&server, &body, WEBHOOK_SECRET);
    assert_eq!(post_webhook(&server, "/payments/webhook", Some(&signature), body).await.status, 200);
    assert_eq!(server.count("stripe_events WHERE status = 'DISCARDED' AND attempts = 1").await, 1);
    assert_eq!(mails_of(&server, "admin-warning").await, 1);
}

#[tokio::test]
async fn an_event_that_keeps_failing_is_told_to_the_administrators_once() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    break_settlements(&server).await;
    let event = completed(&waiting.session);
    for _ in 0..6 {
        assert_eq!(deliver(&server, &event).await.status, 500);
    }
    assert_eq!(
        server.count("notifications WHERE title = 'Un paiement ne peut pas être enregistré'").await,
        1
    );
    assert_eq!(server.count("email_outbox WHERE template = 'admin-warning'").await, 1);
    assert_eq!(server.count("stripe_events WHERE status = 'FAILED'").await, 1);
}
