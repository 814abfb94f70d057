//! Payments that no webhook told of.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::Duration;
use serde_json::Value;
use tokio::net::TcpListener;

use super::bench::{
    author_order, completed, deliver, execute, guest_order, open, paid_once, sessions, statut, step, value,
};
use crate::support::server::{CLIENT, TestServer};

/// A server that refuses every webhook of its Stripe: they do not share a secret any more. What
/// Stripe sends is lost, and only asking it helps.
pub(super) async fn deaf(server: &TestServer) {
    execute(server, "RENAME TABLE stripe_events TO stripe_events_away").await;
}

pub(super) async fn hearing(server: &TestServer) {
    execute(server, "RENAME TABLE stripe_events_away TO stripe_events").await;
}

pub(super) async fn stripe_says(server: &TestServer, session: &str) -> String {
    let request =
        server.request(reqwest::Method::GET, &format!("/dev/stripe/v1/checkout/sessions/{session}"));
    let answer = request.bearer_auth("sk_test").send().await.unwrap().json::<Value>().await.unwrap();
    answer["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payment_whose_webhook_was_lost_is_found_after_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    deaf(&server).await;
    assert_eq!(server.pay(&waiting.session).await.status, 303);
    hearing(&server).await;
    server.clock.advance(Duration::minutes(15) - Duration::seconds(1));
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    assert_eq!(server.count("commandes").await, 0);
    server.clock.advance(Duration::seconds(1));
    assert_eq!(server.run_job("stripe_sessions").await, 1);
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    // The webhook comes after all.
    assert_eq!(deliver(&server, &completed(&waiting.session)).await.status, 200);
    paid_once(&server).await;
}

#[tokio::test]
async fn the_customer_who_asks_is_answered_with_a_settled_order() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    deaf(&server).await;
    server.pay(&waiting.session).await;
    hearing(&server).await;
    let status = server.get_as(&token, &format!("/api/payments/status/{}", waiting.session)).await;
    assert_eq!(status.body["status"], "paid");
    assert_eq!(statut(&server, waiting.order).await, "EN_COURS paid");
    paid_once(&server).await;
}

#[tokio::test]
async fn sessions_that_lapsed_are_closed() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let of_author = author_order(&server, &token).await;
    guest_order(&server, "zoe@example.com").await;
    server.clock.advance(Duration::minutes(20));
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    assert_eq!(server.count("checkout_sessions WHERE status = 'OPEN'").await, 2);
    server.clock.advance(Duration::hours(24));
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    assert_eq!(server.count("checkout_sessions WHERE status = 'EXPIRED'").await, 2);
    assert_eq!(server.count("pending_commandes WHERE status = 'EXPIRED'").await, 1);
    assert_eq!(statut(&server, of_author.order).await, "EN_ATTENTE unpaid");
    assert_eq!(server.count("email_outbox WHERE template LIKE 'payment%'").await, 0);
}

#[tokio::test]
async fn nobody_pays_the_same_order_twice() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let first = author_order(&server, &token).await;
    let second = open(&server, &token, first.order).await;
    server.pay(&first.session).await;
    assert_eq!(stripe_says(&server, &second).await, "open");
    server.clock.advance(Duration::minutes(15));
    server.run_job("stripe_sessions").await;
    assert_eq!(stripe_says(&server, &second).await, "expired");
    assert_eq!(server.count("checkout_sessions WHERE status = 'EXPIRED'").await, 1);
    assert_eq!(step(&server, &second, "pay").await.status, 409);
    paid_once(&server).await;
}

#[tokio::test]
async fn delayed_money_is_followed_until_it_comes() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    deaf(&server).await;
    step(&server, &waiting.session, "pay?delayed=true").await;
    hearing(&server).await;
    server.clock.advance(Duration::minutes(15));
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    assert_eq!(server.count("checkout_sessions WHERE status = 'PROCESSING'").await, 1);
    deaf(&server).await;
    step(&server, &waiting.session, "settle").await;
    hearing(&server).await;
    server.clock.advance(Duration::days(3));
    assert_eq!(server.run_job("stripe_sessions").await, 1);
    paid_once(&server).await;
}

#[tokio::test]
async fn a_session_stripe_never_answered_is_given_up() {
    let server = TestServer::start().await;
    server.ignore_mails();
    guest_order(&server, "zoe@example.com").await;
    execute(&server, "UPDATE checkout_sessions SET status = 'CREATING', stripe_session_id = NULL").await;
    server.clock.advance(Duration::minutes(15));
    server.run_job("stripe_sessions").await;
    assert_eq!(server.count("checkout_sessions WHERE status = 'FAILED'").await, 1);
    assert_eq!(server.count("pending_commandes WHERE status = 'EXPIRED'").await, 1);
}

/// A Stripe that hangs up on everyone, its address, and how many called.
async fn out_of_order() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    (address, calls)
}

#[tokio::test]
async fn the_first_outage_ends_the_round() {
    let (address, calls) = out_of_order().await;
    let server = TestServer::with(&[("STRIPE_API_URL", &address)]).await;
    sessions(&server, 5).await;
    server.clock.advance(Duration::minutes(15));
    let before = calls.load(Ordering::SeqCst);
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    // One question, asked twice as every question is.
    assert_eq!(calls.load(Ordering::SeqCst) - before, 2);
    assert_eq!(server.count("checkout_sessions WHERE status = 'OPEN'").await, 5);
    let before = calls.load(Ordering::SeqCst);
    execute(&server, "UPDATE checkout_sessions SET close_due_at = created_at").await;
    assert_eq!(server.run_job("stripe_closings").await, 0);
    assert_eq!(calls.load(Ordering::SeqCst) - before, 2);
    let kept = "SELECT close_error FROM checkout_sessions WHERE close_error IS NOT NULL";
    let cause = value(&server, kept).await.unwrap();
    assert!(cause.starts_with("STRIPE_UNAVAILABLE: "), "{cause}");
}

#[tokio::test]
async fn an_older_session_is_asked_about_less_often() {
    let server = TestServer::start().await;
    server.ignore_mails();
    guest_order(&server, "zoe@example.com").await;
    server.clock.advance(Duration::hours(4));
    server.run_job("stripe_sessions").await;
    let asked = "SELECT checked_at FROM checkout_sessions";
    let first = value(&server, asked).await;
    for (minutes, again) in [(59, false), (1, true)] {
        server.clock.advance(Duration::minutes(minutes));
        server.run_job("stripe_sessions").await;
        assert_eq!(value(&server, asked).await != first, again, "after {minutes} more minutes");
    }
}
