//! Payments that do not happen.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{
    accepted, author_order, checkout, completed, deliver, event, execute, guest_order, mails_of, paid_once,
    statut, step, unpaid_session, value,
};
use crate::support::server::{Answer, CLIENT, TestServer, send};

async fn mail(server: &TestServer, template: &str) -> Value {
    server.mailbox().await.into_iter().find(|mail| mail["template"] == template).unwrap()
}

/// Lets the quarter of an hour pass after which a refusal is told of.
async fn a_while_later(server: &TestServer) -> u64 {
    assert_eq!(server.run_job("refused_payments").await, 0);
    server.advance(Duration::minutes(15));
    let told = server.run_job("refused_payments").await;
    server.work().await;
    told
}

#[tokio::test]
async fn a_refused_card_is_told_to_a_guest_once() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    for _ in 0..2 {
        assert_eq!(step(&server, &waiting.session, "fail").await.status, 303);
    }
    server.work().await;
    assert_eq!(mails_of(&server, "payment-failed-user").await, 0);
    assert_eq!(a_while_later(&server).await, 1);
    assert_eq!(mails_of(&server, "payment-failed-user").await, 1);
    let told = mail(&server, "payment-failed-user").await;
    assert_eq!(told["to"], "zoe@example.com");
    assert!(told["text"].as_str().unwrap().contains("/api/public/reprise/"), "{}", told["text"]);
    assert_eq!(server.count("notifications WHERE title = 'Paiement refusé'").await, 1); // the administrator's
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED'").await, 2);
    // The page is still open.
    assert_eq!(server.pay(&waiting.session).await.status, 303);
    paid_once(&server).await;
}

#[tokio::test]
async fn a_refused_card_is_told_to_an_author_once() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    for _ in 0..2 {
        step(&server, &waiting.session, "fail").await;
    }
    assert_eq!(statut(&server, waiting.order).await, "EN_ATTENTE failed");
    a_while_later(&server).await;
    assert_eq!(mails_of(&server, "payment-failed-user").await, 1);
    assert_eq!(mail(&server, "payment-failed-user").await["to"], "client@example.com");
    assert_eq!(server.count("notifications WHERE title = 'Paiement refusé'").await, 2);
    let bell = server.get_as(&token, "/api/notifications").await.body;
    assert_eq!(bell["notifications"][0]["actionUrl"], "/app/billing");
    assert_eq!(server.pay(&waiting.session).await.status, 303);
    assert_eq!(statut(&server, waiting.order).await, "EN_COURS paid");
}

#[tokio::test]
async fn nobody_hears_of_a_refusal_that_a_payment_followed() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let of_author = author_order(&server, &token).await;
    step(&server, &of_author.session, "fail").await;
    assert_eq!(server.pay(&of_author.session).await.status, 303);
    assert_eq!(a_while_later(&server).await, 0);
    assert_eq!(server.count("payment_refusals").await, 0);
    assert_eq!(mails_of(&server, "payment-failed-user").await + mails_of(&server, "admin-warning").await, 0);
    paid_once(&server).await;
}

/// Follows the link of the mail about a refused payment and presses its button: where it leads.
async fn resumed(server: &TestServer) -> Answer {
    let told = mail(server, "payment-failed-user").await;
    let (_, token) = told["text"].as_str().unwrap().split_once("/api/public/reprise/").unwrap();
    let path = format!("/api/public/reprise/{}", token.split_whitespace().next().unwrap());
    let page = server.get(&path).await;
    assert!(page.status == 200 && page.text().contains("Payer ma commande"), "{}", page.text());
    send(server.request(Method::POST, &path)).await
}

#[tokio::test]
async fn the_mail_about_a_refusal_leads_to_a_page_that_can_be_paid() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    step(&server, &waiting.session, "fail").await;
    a_while_later(&server).await;
    // As long as the page is open, it is the same.
    let led = resumed(&server).await;
    assert_eq!(led.status, 303);
    let location = led.headers["location"].to_str().unwrap().to_owned();
    assert!(location.ends_with(&waiting.session), "{location}");
    assert_eq!(server.count("checkout_sessions").await, 1);
    step(&server, &waiting.session, "expire").await;
    assert_eq!(value(&server, "SELECT status FROM pending_commandes").await.unwrap(), "EXPIRED");
    let led = resumed(&server).await;
    let session = led.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_ne!(session, waiting.session);
    assert_eq!(value(&server, "SELECT status FROM pending_commandes").await.unwrap(), "PENDING");
    assert_eq!(server.pay(&session).await.status, 303);
    paid_once(&server).await;
    // Paid, it is paid no more.
    let path = format!("/api/public/reprise/{}", server.state.links.ticket("reprise", waiting.order));
    for method in [Method::GET, Method::POST] {
        assert_eq!(send(server.request(method, &path)).await.status, 404);
    }
    assert_eq!(server.get("/api/public/reprise/abc").await.status, 404);
}

#[tokio::test]
async fn a_refusal_without_an_order_of_ours_is_no_error() {
    let server = TestServer::start().await;
    for metadata in [
        json!({ "source": "livrestaka.fr" }),
        json!({ "source": "livrestaka.fr", "commandeId": "pas-un-uuid" }),
        json!({ "source": "livrestaka.fr", "commandeId": uuid::Uuid::nil(), "pendingCommandeId": uuid::Uuid::nil() }),
    ] {
        let intent = json!({ "id": "pi_1", "metadata": metadata });
        accepted(&server, &event("payment_intent.payment_failed", intent)).await;
    }
    assert_eq!(server.count("email_outbox").await, 0);
}

#[tokio::test]
async fn money_that_never_comes_is_told_and_the_order_stays_payable() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let of_author = author_order(&server, &token).await;
    let of_guest = guest_order(&server, "zoe@example.com").await;
    for waiting in [&of_author, &of_guest] {
        assert_eq!(step(&server, &waiting.session, "pay?delayed=true").await.status, 303);
        assert_eq!(step(&server, &waiting.session, "settle-fail").await.status, 303);
        // Once more, and what came before it.
        for kind in ["checkout.session.async_payment_failed", "checkout.session.completed"] {
            accepted(&server, &event(kind, unpaid_session(&waiting.session))).await;
        }
    }
    assert_eq!(server.count("checkout_sessions WHERE status = 'FAILED'").await, 2);
    assert_eq!(statut(&server, of_author.order).await, "EN_ATTENTE failed");
    assert_eq!(server.count("pending_commandes WHERE status = 'EXPIRED'").await, 1);
    assert_eq!(a_while_later(&server).await, 2);
    assert_eq!(mails_of(&server, "payment-failed-user").await, 2);
    assert_eq!(server.count("invoices").await, 0);
    assert_eq!(checkout(&server, &token, of_author.order).await.status, 200);
    assert_eq!(statut(&server, of_author.order).await, "EN_ATTENTE unpaid");
}

#[tokio::test]
async fn money_on_its_way_keeps_an_order_from_being_forgotten() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    step(&server, &waiting.session, "pay?delayed=true").await;
    server.clock.advance(Duration::days(12));
    assert_eq!(server.run_job("pending_orders").await, 0);
    assert_eq!(step(&server, &waiting.session, "settle").await.status, 303);
    paid_once(&server).await;
}

#[tokio::test]
async fn the_last_session_to_close_closes_the_pending_order() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    execute(
        &server,
        "INSERT INTO checkout_sessions
           (id, stripe_session_id, pending_commande_id, amount, status, expires_at, checked_at, created_at, updated_at)
         SELECT UNHEX('0190000000007000800000000000000a'), 'cs_test_second', pending_commande_id, amount, status,
                expires_at, checked_at, created_at, updated_at FROM checkout_sessions",
    )
    .await;
    let status = || value(&server, "SELECT status FROM pending_commandes");
    accepted(&server, &event("checkout.session.expired", unpaid_session(&waiting.session))).await;
    assert_eq!(status().await.unwrap(), "PENDING");
    for _ in 0..2 {
        accepted(&server, &event("checkout.session.expired", unpaid_session("cs_test_second"))).await;
        assert_eq!(status().await.unwrap(), "EXPIRED");
    }
    // Nobody is told: the customer left.
    server.work().await;
    assert_eq!(server.mail_kinds().await.len(), 1); // the order's own, to the team
    // An unknown one is nothing to repeat.
    accepted(&server, &event("checkout.session.expired", unpaid_session("cs_test_unknown"))).await;
}

#[tokio::test]
async fn an_order_that_cost_nothing_else_needs_no_invoice() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let mut session = super::bench::paid_session(&waiting.session);
    session["payment_status"] = json!("no_payment_required");
    session["amount_total"] = json!(0);
    session["payment_intent"] = Value::Null;
    accepted(&server, &event("checkout.session.completed", session)).await;
    assert_eq!(server.count("commandes WHERE payment_status = 'paid' AND amount = 0").await, 1);
    assert_eq!(server.count("invoices").await, 0);
    assert_eq!(server.count("payments").await, 0);
    assert_eq!(deliver(&server, &completed(&waiting.session)).await.status, 200);
    assert_eq!(server.count("invoices").await, 0);
}
