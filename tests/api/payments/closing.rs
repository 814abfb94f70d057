//! Payment pages whose order is gone, or shall go.

use chrono::Duration;

use super::{
    bench::{
        accepted, author_order, completed, deliver, event, execute, guest_order, open, statut, unpaid_session,
    },
    reconcile::{deaf, hearing, stripe_says},
};
use crate::support::server::{CLIENT, TestServer};

#[tokio::test]
async fn an_order_is_forgotten_only_once_its_pages_are_closed() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    deaf(&server).await;
    server.clock.advance(Duration::days(8));
    assert_eq!(server.run_job("pending_orders").await, 0);
    assert_eq!(server.count("checkout_sessions WHERE close_due_at IS NOT NULL").await, 1);
    assert_eq!(server.run_job("stripe_closings").await, 1);
    hearing(&server).await;
    assert_eq!(stripe_says(&server, &waiting.session).await, "expired");
    assert_eq!(server.run_job("pending_orders").await, 1);
    assert_eq!(server.count("checkout_sessions").await, 0);
}

#[tokio::test]
async fn a_page_paid_unheard_saves_its_order() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    deaf(&server).await;
    server.pay(&waiting.session).await;
    hearing(&server).await;
    server.clock.advance(Duration::days(8));
    assert_eq!(server.run_job("pending_orders").await, 0);
    assert_eq!(server.run_job("stripe_closings").await, 1);
    assert_eq!(server.count("invoices").await, 1);
    assert_eq!(server.run_job("pending_orders").await, 0);
    assert_eq!(server.count("pending_commandes WHERE status = 'PAID'").await, 1);
}

#[tokio::test]
async fn money_for_a_removed_order_is_told() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let (told, found) =
        (guest_order(&server, "zoe@example.com").await, guest_order(&server, "leo@example.com").await);
    deaf(&server).await;
    server.pay(&found.session).await;
    hearing(&server).await;
    execute(&server, "DELETE FROM files").await;
    execute(&server, "DELETE FROM pending_commandes").await;
    assert_eq!(server.count("checkout_sessions WHERE status = 'OPEN'").await, 2);
    for _ in 0..2 {
        assert_eq!(deliver(&server, &completed(&told.session)).await.status, 404);
    }
    assert_eq!(server.count("stripe_events WHERE status = 'UNMATCHED'").await, 2);
    let alerts = "notifications WHERE title = 'Paiement d’une commande supprimée'";
    assert_eq!(server.count(alerts).await, 1);
    server.clock.advance(Duration::minutes(15));
    server.run_job("stripe_sessions").await;
    assert_eq!(server.count(alerts).await, 2);
    // Nor does the page of an order that was more than a wish.
    let token = server.login(CLIENT).await;
    let of_author = author_order(&server, &token).await;
    execute(&server, "DELETE FROM commandes").await;
    assert_eq!(deliver(&server, &completed(&of_author.session)).await.status, 404);
    assert_eq!(server.count(alerts).await, 3);
    assert_eq!(server.count("invoices").await, 0);
    assert_eq!(server.count("payments").await, 0);
}

#[tokio::test]
async fn a_failed_page_fails_no_order_that_has_another() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let first = author_order(&server, &token).await;
    let second = open(&server, &token, first.order).await;
    let fails = "checkout.session.async_payment_failed";
    accepted(&server, &event(fails, unpaid_session(&first.session))).await;
    assert_eq!(statut(&server, first.order).await, "EN_ATTENTE unpaid");
    accepted(&server, &event(fails, unpaid_session(&second))).await;
    assert_eq!(statut(&server, first.order).await, "EN_ATTENTE failed");
}
