//! One paid session gives one paid order, one invoice and one of each mail, however it is told.

use futures_util::future::join_all;
use serde_json::json;

use super::bench::{
    accepted, author_order, completed, deliver, event, execute, guest_order, literal, mails, mails_of, open,
    order_form, paid_once, paid_session, statut, unpaid_session, value, values,
};
use crate::support::server::{CLIENT, TestServer};

#[tokio::test]
async fn a_guest_order_is_settled_once_however_often_it_is_told() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    let event = completed(&waiting.session);
    for _ in 0..3 {
        accepted(&server, &event).await;
    }
    // Stripe may also say the same in another event.
    accepted(&server, &completed(&waiting.session)).await;
    accepted(
        &server,
        &super::bench::event("checkout.session.async_payment_succeeded", paid_session(&waiting.session)),
    )
    .await;
    paid_once(&server).await;
    assert_eq!(server.count("users WHERE email = 'zoe@example.com'").await, 1);
    assert_eq!(server.count("messages").await, 2);
    assert_eq!(mails_of(&server, "activation-user").await, 1);
    // Two mails to whoever buys: what was bought, with the way in, and the invoice.
    for template in ["client-project-confirmation", "payment-user"] {
        assert_eq!(mails_of(&server, template).await, 0, "{template}");
    }
    assert_eq!(value(&server, "SELECT statut FROM commandes").await.unwrap(), "PAYEE");
}

#[tokio::test]
async fn ten_deliveries_at_once_settle_a_guest_order_once() {
    let server = TestServer::start().await;
    for round in 0..3 {
        let waiting = guest_order(&server, &format!("zoe{round}@example.com")).await;
        let event = completed(&waiting.session);
        for answer in join_all((0..10).map(|_| deliver(&server, &event))).await {
            assert_eq!(answer.status, 200, "{:?}", answer.body);
        }
    }
    assert_eq!(server.count("commandes").await, 3);
    assert_eq!(server.count("invoices").await, 3);
    assert_eq!(server.count("stripe_events").await, 3);
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED' AND attempts = 1").await, 3);
    server.work().await;
    for template in ["admin-payment", "invoice-user", "activation-user"] {
        assert_eq!(mails_of(&server, template).await, 3, "{template}");
    }
}

#[tokio::test]
async fn ten_events_at_once_settle_an_order_once() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    let events: Vec<_> = (0..10).map(|_| completed(&waiting.session)).collect();
    for answer in join_all(events.iter().map(|event| deliver(&server, event))).await {
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    paid_once(&server).await;
    assert_eq!(statut(&server, waiting.order).await, "EN_COURS paid");
    let stored =
        value(&server, "SELECT CONCAT(amount, ' ', stripe_session_id) FROM commandes").await.unwrap();
    assert_eq!(stored, format!("28000 {}", waiting.session));
}

#[tokio::test]
async fn money_that_comes_later_settles_when_it_comes() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let of_author = author_order(&server, &token).await;
    let of_guest = guest_order(&server, "zoe@example.com").await;
    for waiting in [&of_author, &of_guest] {
        accepted(&server, &event("checkout.session.completed", unpaid_session(&waiting.session))).await;
    }
    assert_eq!(server.count("invoices").await, 0);
    assert_eq!(server.count("checkout_sessions WHERE status = 'PROCESSING'").await, 2);
    assert_eq!(statut(&server, of_author.order).await, "EN_ATTENTE unpaid");
    for waiting in [&of_author, &of_guest] {
        accepted(&server, &event("checkout.session.async_payment_succeeded", paid_session(&waiting.session)))
            .await;
        // Out of order: what came before comes again.
        accepted(&server, &event("checkout.session.completed", unpaid_session(&waiting.session))).await;
    }
    assert_eq!(server.count("invoices").await, 2);
    assert_eq!(server.count("checkout_sessions WHERE status = 'PAID'").await, 2);
    assert_eq!(statut(&server, of_author.order).await, "EN_COURS paid");
}

#[tokio::test]
async fn late_events_change_nothing_of_a_paid_order() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let of_author = author_order(&server, &token).await;
    let of_guest = guest_order(&server, "zoe@example.com").await;
    for waiting in [&of_author, &of_guest] {
        accepted(&server, &completed(&waiting.session)).await;
    }
    server.work().await;
    let told = mails(&server).await;
    for waiting in [&of_author, &of_guest] {
        for kind in ["checkout.session.expired", "checkout.session.async_payment_failed"] {
            accepted(&server, &event(kind, unpaid_session(&waiting.session))).await;
        }
        let key = if waiting.order == of_author.order { "commandeId" } else { "pendingCommandeId" };
        let intent = json!({ "id": "pi_late", "metadata": { "source": "livrestaka.fr", "commandeId": waiting.order, key: waiting.order } });
        accepted(&server, &event("payment_intent.payment_failed", intent)).await;
    }
    assert_eq!(statut(&server, of_author.order).await, "EN_COURS paid");
    assert_eq!(server.count("pending_commandes WHERE status = 'PAID'").await, 1);
    assert_eq!(server.count("checkout_sessions WHERE status = 'PAID'").await, 2);
    server.work().await;
    assert_eq!(mails(&server).await, told);
}

#[tokio::test]
async fn a_session_paid_after_it_was_closed_is_settled_all_the_same() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    accepted(&server, &event("checkout.session.expired", unpaid_session(&waiting.session))).await;
    assert_eq!(server.count("pending_commandes WHERE status = 'EXPIRED'").await, 1);
    accepted(&server, &completed(&waiting.session)).await;
    assert_eq!(server.count("pending_commandes WHERE status = 'PAID'").await, 1);
    paid_once(&server).await;
}

#[tokio::test]
async fn an_order_paid_twice_is_invoiced_once_and_told() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let first = author_order(&server, &token).await;
    let second = open(&server, &token, first.order).await;
    assert_ne!(first.session, second);
    let events = [completed(&first.session), completed(&second)];
    for answer in join_all(events.iter().map(|event| deliver(&server, event))).await {
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    assert_eq!(server.count("invoices").await, 1);
    assert_eq!(server.count("payments").await, 2);
    assert_eq!(server.count("payments WHERE invoice_id IS NULL").await, 1);
    assert_eq!(server.count("checkout_sessions WHERE status = 'PAID'").await, 2);
    server.work().await;
    assert_eq!(mails_of(&server, "payment-user").await, 1);
    assert_eq!(mails_of(&server, "invoice-user").await, 1);
    assert_eq!(mails_of(&server, "admin-warning").await, 1);
    assert_eq!(server.count("notifications WHERE title = 'Une commande a été payée deux fois'").await, 1);
}

#[tokio::test]
async fn a_webhook_faster_than_our_own_call_finds_its_order() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    let row = values(&server, "SELECT LOWER(HEX(id)) FROM checkout_sessions").await.remove(0);
    execute(&server, "UPDATE checkout_sessions SET status = 'CREATING', stripe_session_id = NULL").await;
    let mut session = paid_session("cs_test_not_answered_yet");
    session["client_reference_id"] = json!(row.parse::<uuid::Uuid>().unwrap());
    accepted(&server, &event("checkout.session.completed", session)).await;
    paid_once(&server).await;
    let known = value(&server, "SELECT stripe_session_id FROM checkout_sessions").await.unwrap();
    assert_eq!(known, "cs_test_not_answered_yet");
    // Another session cannot claim the row now.
    let mut other = paid_session(&waiting.session);
    other["client_reference_id"] = json!(row.parse::<uuid::Uuid>().unwrap());
    assert_eq!(deliver(&server, &event("checkout.session.completed", other)).await.status, 404);
    assert_eq!(server.count("stripe_events WHERE status = 'UNMATCHED'").await, 1);
}

#[tokio::test]
async fn payment_never_moves_an_order_backwards() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    for (before, after, alerts) in [
        ("TERMINE", "TERMINE", 0),
        ("ANNULEE", "EN_COURS", 1),
        ("SUSPENDUE", "EN_COURS", 1),
        ("EN_COURS", "EN_COURS", 1),
    ] {
        let waiting = author_order(&server, &token).await;
        let id = literal(waiting.order);
        execute(&server, &format!("UPDATE commandes SET statut = '{before}' WHERE id = {id}")).await;
        accepted(&server, &completed(&waiting.session)).await;
        assert_eq!(statut(&server, waiting.order).await, format!("{after} paid"));
        let told = server.count("notifications WHERE title = 'Une commande annulée a été payée'").await;
        assert_eq!(told, alerts, "{before}");
    }
    assert_eq!(server.count("invoices").await, 4);
}

#[tokio::test]
async fn orders_of_one_guest_paid_together_share_one_account() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let mut sessions = vec![];
    for tome in 1..=4 {
        let mut form = order_form(&server, "zoe@example.com").await;
        form["titre"] = json!(format!("Tome {tome}"));
        let placed = server.post("/api/public/order", &form).await;
        sessions.push(placed.ok(201)["sessionId"].as_str().unwrap().to_owned());
    }
    let events: Vec<_> = sessions.iter().map(|session| completed(session)).collect();
    for answer in join_all(events.iter().map(|event| deliver(&server, event))).await {
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    assert_eq!(server.count("users WHERE email = 'zoe@example.com'").await, 1);
    assert_eq!(server.count("commandes").await, 4);
    assert_eq!(server.count("invoices").await, 4);
    assert_eq!(server.count("conversations").await, 1);
    assert_eq!(server.count("messages").await, 2); // one welcome, not four
}

#[tokio::test]
async fn an_order_of_an_erased_account_is_settled_for_the_books() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    execute(
        &server,
        "UPDATE users SET deleted_at = created_at, is_active = FALSE, email = 'deleted-x@example.invalid'
         WHERE email = 'client@example.com'",
    )
    .await;
    accepted(&server, &completed(&waiting.session)).await;
    assert_eq!(server.count("invoices").await, 1);
    assert_eq!(statut(&server, waiting.order).await, "EN_COURS paid");
    server.work().await;
    // Nobody reads mails at an erased address; the team is told.
    let to: Vec<_> =
        server.mail_kinds().await.into_iter().filter(|(_, to)| to.ends_with(".invalid")).collect();
    assert_eq!(to, []);
    assert_eq!(mails_of(&server, "admin-payment").await, 1);
}
