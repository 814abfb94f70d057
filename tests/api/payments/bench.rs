//! What the payment tests share: orders to pay, and webhooks as Stripe signs them.

use chrono::{DateTime, Utc};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use staka::{clock::new_id, payments::signature};
use uuid::Uuid;

use crate::support::server::{Answer, TestServer, WEBHOOK_SECRET, send};

/// What the invoice of [`guest_order`] comes to, in cents: 150 pages.
pub const PRICE: i64 = 28_000;

/// An order waiting at a payment page.
pub struct Waiting {
    /// The order, pending or not.
    pub order: Uuid,
    /// Stripe's id of the session.
    pub session: String,
}

/// The form of a guest who orders 150 corrected pages.
pub async fn order_form(server: &TestServer, email: &str) -> Value {
    json!({
        "prenom": "Zoé", "nom": "Lefèvre", "email": email, "telephone": "06 12 34 56 78",
        "serviceId": tarif(server, "Correction Standard").await, "nombrePages": 150, "titre": "L’œuvre au noir",
        "consentementRgpd": true,
    })
}

/// The id of a tarif of the seeds.
pub async fn tarif(server: &TestServer, nom: &str) -> Value {
    let tarifs = server.get("/api/tarifs").await.body;
    let all = tarifs["data"].as_array().unwrap();
    all.iter().find(|tarif| tarif["nom"] == nom).unwrap()["id"].clone()
}

/// A guest at the payment page.
pub async fn guest_order(server: &TestServer, email: &str) -> Waiting {
    let answer = server.post("/api/public/order", &order_form(server, email).await).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    Waiting {
        order: answer.body["pendingCommandeId"].as_str().unwrap().parse().unwrap(),
        session: answer.body["sessionId"].as_str().unwrap().to_owned(),
    }
}

/// An unpaid order of an author, with its price in cents once the team has fixed one.
pub async fn commande(server: &TestServer, token: &str, price: Option<i64>) -> Uuid {
    let answer = server.post_as(token, "/api/commandes", &json!({ "titre": "Un roman fleuve" })).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    let id: Uuid = answer.body["commande"]["id"].as_str().unwrap().parse().unwrap();
    sqlx::query("UPDATE commandes SET prix_final = ? WHERE id = ?")
        .bind(price)
        .bind(id)
        .execute(server.state.db.pool())
        .await
        .unwrap();
    id
}

/// Asks for a payment page of an order or of an invoice's order.
pub async fn checkout(server: &TestServer, token: &str, id: impl ToString) -> Answer {
    let body = json!({ "commandeId": id.to_string() });
    server.post_as(token, "/api/payments/create-checkout-session", &body).await
}

/// An author's order at its payment page.
pub async fn author_order(server: &TestServer, token: &str) -> Waiting {
    let order = commande(server, token, Some(PRICE)).await;
    Waiting { order, session: open(server, token, order).await }
}

/// Opens a payment page and gives the session's id.
pub async fn open(server: &TestServer, token: &str, order: Uuid) -> String {
    let opened = checkout(server, token, order).await;
    assert_eq!(opened.status, 200, "{:?}", opened.body);
    opened.body["sessionId"].as_str().unwrap().to_owned()
}

/// A Checkout session of this site as events carry it, paid by card.
pub fn paid_session(id: &str) -> Value {
    json!({
        "id": id, "object": "checkout.session", "status": "complete", "payment_status": "paid",
        "amount_total": PRICE, "currency": "eur", "payment_intent": format!("pi_of_{id}"),
        "metadata": { "source": "livrestaka.fr" },
        "customer_details": { "name": "Camille Durand", "email": "zoe@example.com",
            "address": { "line1": "12 rue des Lilas", "postal_code": "75011", "city": "Paris", "country": "FR" } },
    })
}

/// The same, completed with a method whose money comes later.
pub fn unpaid_session(id: &str) -> Value {
    let mut session = paid_session(id);
    session["payment_status"] = json!("unpaid");
    session
}

/// A new event, made when it is delivered.
pub fn event(kind: &str, object: Value) -> Value {
    let id = format!("evt_{}", new_id().simple());
    json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } })
}

/// A new event, made then.
pub fn event_at(made: DateTime<Utc>, kind: &str, object: Value) -> Value {
    let mut event = event(kind, object);
    event["created"] = json!(made.timestamp());
    event
}

/// A new `checkout.session.completed` of a paid session.
pub fn completed(session: &str) -> Value {
    event("checkout.session.completed", paid_session(session))
}

/// Delivers an event as Stripe does.
pub async fn deliver(server: &TestServer, event: &Value) -> Answer {
    deliver_to(server, "/payments/webhook", event).await
}

/// The same, at another address.
pub async fn deliver_to(server: &TestServer, path: &str, event: &Value) -> Answer {
    let mut event = event.clone();
    if event["created"].is_null() {
        event["created"] = json!(server.state.clock.now().timestamp());
    }
    let body = event.to_string();
    let signature = signed(server, &body, WEBHOOK_SECRET);
    post_webhook(server, path, Some(&signature), body).await
}

/// The signature header of a body, made now.
pub fn signed(server: &TestServer, body: &str, secret: &str) -> String {
    signature::sign(body.as_bytes(), &SecretString::from(secret.to_owned()), server.state.clock.now())
}

/// Posts a body to the webhook's address.
pub async fn post_webhook(server: &TestServer, path: &str, signature: Option<&str>, body: String) -> Answer {
    let request =
        server.request(Method::POST, path).header("content-type", "application/json; charset=utf-8");
    let request = match signature {
        Some(signature) => request.header("stripe-signature", signature),
        None => request,
    };
    send(request.body(body)).await
}

/// Delivers an event that must be accepted.
pub async fn accepted(server: &TestServer, event: &Value) {
    let answer = deliver(server, event).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.body, json!({ "received": true, "eventType": event["type"] }));
}

/// Takes a step on the simulated payment page.
pub async fn step(server: &TestServer, session: &str, step: &str) -> Answer {
    send(server.request(Method::POST, &format!("/dev/stripe/checkout/{session}/{step}"))).await
}

/// Runs a statement.
pub async fn execute(server: &TestServer, sql: &str) {
    server.execute(sql).await;
}

/// One value of the database, as text.
pub async fn value(server: &TestServer, sql: &str) -> Option<String> {
    server.value(sql).await
}

/// Several values of the database, as text.
pub async fn values(server: &TestServer, sql: &str) -> Vec<String> {
    server.texts(sql).await
}

/// `id` of a row as the database writes it in a literal.
pub fn literal(id: Uuid) -> String {
    format!("UNHEX('{}')", id.simple())
}

/// Kinds of the mails queued or sent, one per row, sorted.
pub async fn mails(server: &TestServer) -> Vec<String> {
    values(server, "SELECT CAST(template AS CHAR) FROM email_outbox ORDER BY template").await
}

/// How many mails of a kind there are, queued or sent.
pub async fn mails_of(server: &TestServer, template: &str) -> i64 {
    server.count(&format!("email_outbox WHERE template = '{template}'")).await
}

/// Statut and payment status of an order, joined by a blank.
pub async fn statut(server: &TestServer, order: Uuid) -> String {
    let id = literal(order);
    value(
        server,
        &format!("SELECT CONCAT(statut, ' ', COALESCE(payment_status, '-')) FROM commandes WHERE id = {id}"),
    )
    .await
    .unwrap()
}

/// Asserts that one order was paid: one invoice, one payment, one mail of each kind.
pub async fn paid_once(server: &TestServer) {
    assert_eq!(server.count("commandes WHERE payment_status = 'paid'").await, 1);
    assert_eq!(server.count("invoices").await, 1);
    assert_eq!(server.count("payments").await, 1);
    assert_eq!(server.count("checkout_sessions WHERE status = 'PAID'").await, 1);
    server.work().await;
    server.work().await;
    for template in ["admin-payment", "invoice-user"] {
        assert_eq!(mails_of(server, template).await, 1, "{template}");
    }
    // Told by the mail that opens the account of a guest, or else by that of the payment.
    let confirmed = "email_outbox WHERE template IN ('payment-user', 'activation-user')";
    assert_eq!(server.count(confirmed).await, 1);
    assert_eq!(server.count("email_outbox WHERE status <> 'SENT'").await, 0);
    let twice =
        "SELECT CAST(template AS CHAR) FROM email_outbox GROUP BY template, to_email HAVING COUNT(*) > 1";
    assert_eq!(values(server, twice).await, Vec::<String>::new());
    let twice = "SELECT title FROM notifications GROUP BY title, user_id HAVING COUNT(*) > 1";
    assert_eq!(values(server, twice).await, Vec::<String>::new());
}

/// Writes `count` pending orders with their open sessions, `cs_1` and on.
pub async fn sessions(server: &TestServer, count: u32) {
    let now = server.state.clock.now().format("%Y-%m-%d %H:%M:%S");
    let numbers: Vec<_> = (1..=count).collect();
    for part in numbers.chunks(500) {
        let rows = |row: &dyn Fn(u32) -> String| part.iter().map(|n| row(*n)).collect::<Vec<_>>().join(",");
        let orders = rows(&|n| {
            format!(
                "(UNHEX('{n:032x}'), 'Zoé', 'Lefèvre', 'zoe{n}@example.com', (SELECT id FROM tarifs LIMIT 1), 'Roman {n}',
                  {PRICE}, TRUE, '{now}', '{now}')"
            )
        });
        let insert = "INSERT INTO pending_commandes
            (id, prenom, nom, email, tarif_id, titre, amount, consentement_rgpd, created_at, updated_at) VALUES";
        execute(server, &format!("{insert} {orders}")).await;
        let pages = rows(&|n| {
            format!(
                "(UNHEX('{n:032x}'), 'cs_{n}', UNHEX('{n:032x}'), {PRICE}, 'OPEN', '{now}', '{now}', '{now}', '{now}')"
            )
        });
        let insert = "INSERT INTO checkout_sessions
            (id, stripe_session_id, pending_commande_id, amount, status, expires_at, checked_at, created_at, updated_at)
            VALUES";
        execute(server, &format!("{insert} {pages}")).await;
    }
}
