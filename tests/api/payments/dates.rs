//! The day of a payment is the day Stripe got the money; its invoice is of the day it is issued.

use chrono::{DateTime, Duration, TimeZone, Utc};
use serde_json::json;

use super::{
    bench::{
        PRICE, accepted, author_order, completed, event_at, execute, guest_order, paid_session, value, values,
    },
    reconcile::{deaf, hearing},
};
use crate::support::server::{CLIENT, TestServer};

/// Ten to midnight in France, and twenty past, on New Year's Eve.
fn before_and_after() -> (DateTime<Utc>, DateTime<Utc>) {
    let at = |hour, minute| Utc.with_ymd_and_hms(2026, 12, 31, hour, minute, 0).unwrap();
    (at(22, 50), at(23, 20))
}

fn to(server: &TestServer, instant: DateTime<Utc>) {
    server.clock.advance(instant - server.state.clock.now());
}

/// Asserts that the books of the old year hold the payment, and the series of the new one the invoice.
async fn paid_last_year(server: &TestServer) {
    let payment = "SELECT CONCAT(day, ' ', occurred_at, ' ', created_at) FROM payments";
    assert_eq!(values(server, payment).await, ["2026-12-31 2026-12-31 22:50:00.000 2026-12-31 23:20:00.000"]);
    let invoice =
        "SELECT CONCAT_WS(' ', number, vat_regime, tax_amount, paid_at, due_at, issued_at) FROM invoices";
    assert_eq!(
        values(server, invoice).await,
        [
            "FA-2027-000001 STANDARD 4667 2026-12-31 22:50:00.000 2026-12-31 22:50:00.000 2026-12-31 23:20:00.000"
        ]
    );
    let order = "SELECT CAST(paid_at AS CHAR) FROM commandes WHERE payment_status = 'paid'";
    assert_eq!(value(server, order).await.unwrap(), "2026-12-31 22:50:00.000");
}

/// No VAT from the new year on.
async fn franchise_from_new_year(server: &TestServer) {
    execute(
        server,
        "INSERT INTO vat_regimes (valid_from, regime, rate_bp, mention, created_at)
         VALUES ('2027-01-01', 'FRANCHISE', 0, NULL, '2026-03-01')",
    )
    .await;
}

#[tokio::test]
async fn a_payment_told_after_midnight_belongs_to_the_day_it_was_made() {
    let server = TestServer::start().await;
    server.ignore_mails();
    franchise_from_new_year(&server).await;
    let (paid_at, told_at) = before_and_after();
    to(&server, paid_at - Duration::minutes(10));
    let waiting = guest_order(&server, "zoe@example.com").await;
    to(&server, told_at);
    let session = paid_session(&waiting.session);
    accepted(&server, &event_at(paid_at, "checkout.session.completed", session)).await;
    paid_last_year(&server).await;
    // What is given back belongs to its own day.
    let charge = json!({ "id": "ch_1", "payment_intent": format!("pi_of_{}", waiting.session), "amount": PRICE,
        "amount_refunded": PRICE, "metadata": { "source": "livrestaka.fr" } });
    server.clock.advance(Duration::days(2));
    let given_back = told_at + Duration::days(1);
    accepted(&server, &event_at(given_back, "charge.refunded", charge)).await;
    let refund = "SELECT CAST(day AS CHAR) FROM payments WHERE kind = 'REFUND'";
    assert_eq!(value(&server, refund).await.unwrap(), "2027-01-02");
}

#[tokio::test]
async fn a_payment_found_after_midnight_belongs_to_the_day_of_its_charge() {
    let server = TestServer::start().await;
    server.ignore_mails();
    franchise_from_new_year(&server).await;
    let (paid_at, found_at) = before_and_after();
    to(&server, paid_at - Duration::minutes(10));
    let waiting = guest_order(&server, "zoe@example.com").await;
    to(&server, paid_at);
    deaf(&server).await;
    server.pay(&waiting.session).await;
    hearing(&server).await;
    to(&server, found_at);
    assert_eq!(server.run_job("stripe_sessions").await, 1);
    paid_last_year(&server).await;
}

#[tokio::test]
async fn an_order_paid_later_is_paid_when_its_money_came() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let (paid_at, told_at) = before_and_after();
    to(&server, paid_at - Duration::minutes(10));
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    to(&server, told_at);
    let session = paid_session(&waiting.session);
    accepted(&server, &event_at(paid_at, "checkout.session.async_payment_succeeded", session)).await;
    paid_last_year(&server).await;
}

#[tokio::test]
async fn an_event_of_the_future_is_of_now() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let now = server.state.clock.now();
    for (email, made) in [("zoe@example.com", Some(now + Duration::days(400))), ("leo@example.com", None)] {
        let waiting = guest_order(&server, email).await;
        let told = match made {
            Some(made) => event_at(made, "checkout.session.completed", paid_session(&waiting.session)),
            None => completed(&waiting.session),
        };
        accepted(&server, &told).await;
    }
    assert_eq!(server.count("payments WHERE day = '2026-03-10'").await, 2);
}
