//! Amounts and currencies other than asked for.

use serde_json::{Value, json};

use super::{
    bench::{
        PRICE, accepted, author_order, completed, deliver, event, execute, guest_order, mails_of, open,
        paid_session, statut, value, values,
    },
    reconcile::{deaf, hearing, stripe_says},
};
use crate::support::server::{CLIENT, TestServer};

const ANOMALY: &str = "notifications WHERE title = 'Un montant payé n’est pas celui de la commande'";

async fn nothing_booked(server: &TestServer) {
    for table in ["invoices", "payments", "commandes WHERE payment_status = 'paid'"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
}

async fn set_price(server: &TestServer, order: uuid::Uuid, price: i64) {
    let mut tx = server.state.begin().await.unwrap();
    staka::payments::service::set_price(&mut tx, order, price).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn another_currency_is_never_booked_as_euros() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    for currency in [json!("usd"), json!("USD"), Value::Null] {
        let mut session = paid_session(&waiting.session);
        session["currency"] = currency;
        let told = event("checkout.session.completed", session);
        for _ in 0..2 {
            let answer = deliver(&server, &told).await;
            assert_eq!((answer.status.as_u16(), &answer.body["received"]), (404, &json!(false)));
        }
    }
    nothing_booked(&server).await;
    assert_eq!(server.count("stripe_events WHERE status = 'UNMATCHED'").await, 3);
    assert_eq!(server.count("checkout_sessions WHERE status = 'OPEN'").await, 1);
    assert_eq!(server.count("notifications WHERE title = 'Paiement dans une autre devise'").await, 1);
    server.work().await;
    assert_eq!(mails_of(&server, "admin-warning").await, 1);
}

#[tokio::test]
async fn another_currency_found_by_asking_is_told_and_not_asked_about_again() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    deaf(&server).await;
    server.pay(&waiting.session).await;
    hearing(&server).await;
    let other = "UPDATE dev_stripe_sessions SET object = REPLACE(object, '\"eur\"', '\"usd\"')";
    execute(&server, other).await;
    server.clock.advance(chrono::Duration::minutes(15));
    assert_eq!(server.run_job("stripe_sessions").await, 0);
    nothing_booked(&server).await;
    assert_eq!(server.count("notifications WHERE title = 'Paiement dans une autre devise'").await, 1);
    assert_eq!(server.count("checkout_sessions WHERE status = 'FAILED'").await, 1);
}

#[tokio::test]
async fn what_was_paid_is_booked_and_a_difference_told_once() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let mut session = paid_session(&waiting.session);
    session["amount_total"] = json!(20_000);
    for _ in 0..3 {
        accepted(&server, &event("checkout.session.completed", session.clone())).await;
    }
    assert_eq!(values(&server, "SELECT CONCAT(amount, ' ', tax_amount) FROM invoices").await, ["20000 3333"]);
    assert_eq!(value(&server, "SELECT amount FROM payments").await.unwrap(), "20000");
    assert_eq!(value(&server, "SELECT amount FROM commandes").await.unwrap(), "20000");
    assert_eq!(server.count(ANOMALY).await, 1);
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NOT NULL").await, 1);
}

#[tokio::test]
async fn a_changed_price_closes_the_open_pages_of_an_order() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    let second = open(&server, &token, waiting.order).await;
    let other = author_order(&server, &token).await;
    set_price(&server, waiting.order, PRICE).await;
    assert_eq!(server.run_job("stripe_closings").await, 0, "the price is the same");
    set_price(&server, waiting.order, 30_000).await;
    assert_eq!(server.run_job("stripe_closings").await, 2);
    assert_eq!(server.run_job("stripe_closings").await, 0);
    for session in [&waiting.session, &second] {
        assert_eq!(stripe_says(&server, session).await, "expired");
    }
    assert_eq!(stripe_says(&server, &other.session).await, "open");
    let new = open(&server, &token, waiting.order).await;
    let asked = server.state.stripe.session(&new).await.unwrap();
    assert_eq!(asked.amount_total.map(|amount| amount.get()), Some(30_000));
    server.pay(&new).await;
    assert_eq!(statut(&server, waiting.order).await, "EN_COURS paid");
    assert_eq!(server.count(ANOMALY).await, 0);
    let mut tx = server.state.begin().await.unwrap();
    let refused = staka::payments::service::set_price(&mut tx, waiting.order, 1).await.unwrap_err();
    assert_eq!(refused.code(), "ALREADY_PAID");
}

#[tokio::test]
async fn a_page_paid_at_the_former_price_is_settled_and_told() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let (told, found) = (author_order(&server, &token).await, author_order(&server, &token).await);
    deaf(&server).await;
    server.pay(&found.session).await;
    hearing(&server).await;
    for order in [told.order, found.order] {
        set_price(&server, order, 30_000).await;
    }
    accepted(&server, &completed(&told.session)).await;
    assert_eq!(server.count(ANOMALY).await, 1);
    // The job that would have closed the other page finds it paid.
    server.run_job("stripe_closings").await;
    assert_eq!(statut(&server, found.order).await, "EN_COURS paid");
    assert_eq!(server.count(ANOMALY).await, 2);
    assert_eq!(values(&server, "SELECT CAST(amount AS CHAR) FROM invoices").await, ["28000", "28000"]);
    assert_eq!(server.count("checkout_sessions WHERE close_due_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn what_is_no_amount_is_kept_with_its_cause_and_not_repeated() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let amounts = [json!(-28_000), json!("Zoé"), json!(99_999_999_999_i64), json!(1.5), json!([1])];
    for amount in &amounts {
        let mut session = paid_session(&waiting.session);
        session["amount_total"] = amount.clone();
        let charge = json!({ "id": "ch_1", "payment_intent": "pi_1", "amount": PRICE, "amount_refunded": amount,
            "metadata": { "source": "livrestaka.fr" } });
        for told in [event("checkout.session.completed", session), event("charge.refunded", charge)] {
            let answer = deliver(&server, &told).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (400, &json!("UNREADABLE_EVENT")),
                "{amount}"
            );
            assert_eq!(answer.body["received"], false);
        }
    }
    nothing_booked(&server).await;
    let failed = "stripe_events WHERE status = 'FAILED' AND next_attempt_at IS NULL
                  AND last_error LIKE 'UNREADABLE_EVENT: %not a whole number of cents%'";
    assert_eq!(server.count(failed).await, 2 * i64::try_from(amounts.len()).unwrap());
    assert_eq!(server.count("stripe_events WHERE last_error LIKE '%Zo%'").await, 0);
    server.clock.advance(chrono::Duration::days(1));
    assert_eq!(server.run_job("stripe_events").await, 0);
    assert_eq!(server.count("stripe_events WHERE attempts > 1").await, 0);
    // The payment itself is none the worse for it.
    accepted(&server, &completed(&waiting.session)).await;
    assert_eq!(server.count("invoices").await, 1);
}
