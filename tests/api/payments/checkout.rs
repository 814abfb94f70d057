//! Payment pages: who gets one, for what, and what became of it.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{
    PRICE, accepted, author_order, checkout, commande, completed, execute, guest_order, open, order_form,
    paid_once, statut, step, value,
};
use crate::support::{
    proxy::Proxy,
    server::{ADMIN, CLIENT, TestServer, send},
};

async fn refused(server: &TestServer, token: &str, id: impl ToString, status: u16, code: &str) {
    let answer = checkout(server, token, id).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (status, &json!(code)), "{:?}", answer.body);
    assert_eq!(answer.body["error"], answer.body["message"]);
}

#[tokio::test]
async fn an_author_gets_a_page_for_an_own_order_at_the_servers_price() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let order = commande(&server, &token, Some(PRICE)).await;
    // A price of the client's is never used.
    let body = json!({ "commandeId": order, "priceId": "price_of_my_own", "amount": 1 });
    let opened = server.post_as(&token, "/payments/create-checkout-session", &body).await;
    assert_eq!(opened.status, 200);
    let session = opened.body["sessionId"].as_str().unwrap();
    assert_eq!(opened.body["url"], format!("http://localhost:{}/dev/stripe/checkout/{session}", server.port));
    assert_eq!(opened.body.as_object().unwrap().len(), 2);
    let asked = server.state.stripe.session(session).await.unwrap();
    assert_eq!(asked.amount_total.map(|amount| amount.get()), Some(PRICE));
    assert_eq!(asked.metadata["commandeId"], order.to_string());
    assert_eq!(asked.metadata["source"], "livrestaka.fr");
    let row = value(&server, "SELECT LOWER(HEX(id)) FROM checkout_sessions").await.unwrap();
    assert_eq!(asked.client_reference_id.unwrap().replace('-', ""), row);
    assert_eq!(statut(&server, order).await, "EN_ATTENTE unpaid");
    assert_eq!(server.count("audit_logs WHERE action = 'PAYMENT_SESSION_CREATED'").await, 1);
    // Paid, it can be paid no more, by its own id or by its invoice's.
    server.pay(session).await;
    refused(&server, &token, order, 400, "ALREADY_PAID").await;
    let invoice = server.get_as(&token, "/api/invoices").await.body["invoices"][0]["id"].clone();
    refused(&server, &token, invoice.as_str().unwrap(), 400, "ALREADY_PAID").await;
}

#[tokio::test]
async fn an_invoice_leads_to_its_order() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    accepted(&server, &completed(&waiting.session)).await;
    execute(&server, "UPDATE commandes SET payment_status = 'unpaid', statut = 'EN_ATTENTE'").await;
    let invoice = server.get_as(&token, "/api/invoices").await.body["invoices"][0]["id"].clone();
    let session = checkout(&server, &token, invoice.as_str().unwrap()).await.body["sessionId"].clone();
    let asked = server.state.stripe.session(session.as_str().unwrap()).await.unwrap();
    assert_eq!(asked.metadata["commandeId"], waiting.order.to_string());
}

#[tokio::test]
async fn nobody_gets_a_page_for_what_is_not_to_be_paid() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let stranger = server.login(ADMIN).await;
    let order = commande(&server, &token, Some(PRICE)).await;
    refused(&server, &stranger, order, 404, "NOT_FOUND").await;
    refused(&server, &token, Uuid::nil(), 404, "NOT_FOUND").await;
    refused(&server, &token, commande(&server, &token, None).await, 400, "AMOUNT_UNKNOWN").await;
    execute(&server, "UPDATE commandes SET statut = 'ANNULEE'").await;
    refused(&server, &token, order, 409, "ORDER_CANCELLED").await;
    for body in [json!({}), json!({ "commandeId": "abc" }), json!({ "commandeId": 7 })] {
        assert_eq!(
            server.post_as(&token, "/api/payments/create-checkout-session", &body).await.status,
            400,
            "{body}"
        );
    }
    let nobody = server.post("/api/payments/create-checkout-session", &json!({ "commandeId": order })).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(server.count("checkout_sessions").await, 0);
}

#[tokio::test]
async fn an_earlier_page_stays_good() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let first = author_order(&server, &token).await;
    let second = open(&server, &token, first.order).await;
    assert_eq!(server.count("checkout_sessions WHERE status = 'OPEN'").await, 2);
    server.pay(&first.session).await;
    paid_once(&server).await;
    assert_eq!(statut(&server, first.order).await, "EN_COURS paid");
    let asked = server.get_as(&token, &format!("/api/payments/status/{second}")).await;
    assert_eq!(asked.body["status"], "unpaid");
}

#[tokio::test]
async fn a_page_that_could_not_be_opened_leaves_the_other_ones_be() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let first = author_order(&server, &token).await;
    // As if the server had ended between the row of another page and Stripe's answer.
    execute(
        &server,
        "INSERT INTO checkout_sessions
           (id, commande_id, pending_commande_id, amount, status, expires_at, checked_at, created_at, updated_at)
         SELECT UNHEX('0190000000007000800000000000000a'), commande_id, pending_commande_id, amount, 'CREATING',
                expires_at, checked_at, created_at, updated_at FROM checkout_sessions",
    )
    .await;
    server.advance(chrono::Duration::minutes(16));
    server.run_job("stripe_sessions").await;
    assert_eq!(server.count("checkout_sessions WHERE status = 'FAILED'").await, 1);
    assert_eq!(statut(&server, first.order).await, "EN_ATTENTE unpaid");
    server.pay(&first.session).await;
    paid_once(&server).await;
}

#[tokio::test]
async fn a_page_whose_order_left_meanwhile_is_closed() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    server.ignore_mails();
    let order = commande(&server, &token, Some(PRICE)).await;
    // The row of the page is gone when Stripe answers.
    execute(
        &server,
        "CREATE TRIGGER page_gone AFTER INSERT ON dev_stripe_sessions FOR EACH ROW DELETE FROM checkout_sessions",
    )
    .await;
    refused(&server, &token, order, 503, "SERVICE_UNAVAILABLE").await;
    execute(&server, "DROP TRIGGER page_gone").await;
    assert_eq!(server.count("dev_stripe_sessions WHERE status = 'expired'").await, 1);
    assert_eq!(statut(&server, order).await, "EN_ATTENTE -");
}

#[tokio::test]
async fn the_state_of_a_payment_is_its_payers_business() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    let path = format!("/payments/status/{}", waiting.session);
    let asked = server.get_as(&token, &path).await;
    assert_eq!(asked.status, 200);
    assert_eq!(asked.body["status"], "unpaid");
    assert_eq!(asked.body["metadata"]["commandeId"], waiting.order.to_string());
    let stranger = server.login(ADMIN).await;
    let of_guest = guest_order(&server, "zoe@example.com").await.session;
    for (token, session) in
        [(&stranger, waiting.session.as_str()), (&token, "cs_unknown"), (&token, &of_guest)]
    {
        let answer = server.get_as(token, &format!("/payments/status/{session}")).await;
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (403, &json!("NOT_OWNER")));
    }
    assert_eq!(server.get(&path).await.status, 401);
    assert_eq!(server.count("audit_logs WHERE action = 'PAYMENT_STATUS_CHECKED'").await, 1);
}

#[tokio::test]
async fn a_dead_stripe_leaves_nothing_half_done() {
    let line = Proxy::start().await;
    let url = format!("http://{}/dev/stripe", line.address());
    let server = TestServer::with(&[("STRIPE_API_URL", &url)]).await;
    server.ignore_mails();
    line.lead_to_port(server.port);
    let token = server.login(CLIENT).await;
    let order = commande(&server, &token, Some(PRICE)).await;
    let before = statut(&server, order).await;
    line.cut();
    refused(&server, &token, order, 503, "STRIPE_UNAVAILABLE").await;
    assert_eq!(checkout(&server, &token, order).await.headers["retry-after"], "5");
    assert_eq!(statut(&server, order).await, before);
    assert_eq!(
        server.count("checkout_sessions WHERE status = 'FAILED' AND stripe_session_id IS NULL").await,
        2
    );

    let form = order_form(&server, "zoe@example.com").await;
    let answer = server.post("/api/public/order", &form).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (503, &json!("STRIPE_UNAVAILABLE")));
    assert_eq!(server.count("pending_commandes").await, 0);

    // It is back: the order can be paid.
    line.mend();
    let session = open(&server, &token, order).await;
    line.cut();
    // Another page that does not open takes nothing from the one that stands.
    refused(&server, &token, order, 503, "STRIPE_UNAVAILABLE").await;
    assert_eq!(statut(&server, order).await, "EN_ATTENTE unpaid");
    server.pay(&session).await;
    // The money is known by the webhook; asking needs no Stripe.
    let asked = server.get_as(&token, &format!("/payments/status/{session}")).await;
    assert_eq!((asked.status.as_u16(), &asked.body["status"]), (200, &json!("paid")));
    assert_eq!(asked.body["metadata"]["commandeId"], order.to_string());
    paid_once(&server).await;
    let other = commande(&server, &token, Some(PRICE)).await;
    refused(&server, &token, other, 503, "STRIPE_UNAVAILABLE").await;
}

async fn simulate(server: &TestServer, body: &Value) -> crate::support::server::Answer {
    send(server.request(Method::POST, "/api/payments/dev-webhook-simulate").json(body)).await
}

#[tokio::test]
async fn the_simulated_webhook_settles_what_was_paid() {
    let server = TestServer::start().await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    let body = json!({ "sessionId": waiting.session });
    let early = simulate(&server, &body).await;
    assert_eq!((early.status.as_u16(), &early.body["code"]), (409, &json!("NOT_PAID")));
    execute(&server, "RENAME TABLE stripe_events TO stripe_events_away").await;
    server.pay(&waiting.session).await;
    execute(&server, "RENAME TABLE stripe_events_away TO stripe_events").await;
    for message in ["Paiement simulé.", "Ce paiement était déjà traité."] {
        let done = simulate(&server, &body).await;
        assert_eq!((done.status.as_u16(), &done.body["success"]), (200, &json!(true)));
        assert_eq!(done.body["message"], message);
        let data = &done.body["data"];
        assert_eq!(data["pendingCommandeId"], waiting.order.to_string());
        assert_eq!((&data["email"], &data["isProcessed"]), (&json!("zoe@example.com"), &json!(true)));
        assert!(data["userId"].is_string() && data["commandeId"].is_string());
    }
    paid_once(&server).await;
    for (body, status) in
        [(json!({ "sessionId": "cs_unknown" }), 404), (json!({}), 400), (json!({ "sessionId": 1 }), 400)]
    {
        let answer = simulate(&server, &body).await;
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
}

#[tokio::test]
async fn the_simulated_webhook_knows_money_on_its_way() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let waiting = guest_order(&server, "zoe@example.com").await;
    assert_eq!(step(&server, &waiting.session, "pay?delayed=true").await.status, 303);
    let body = json!({ "sessionId": waiting.session });
    let told = simulate(&server, &body).await;
    assert_eq!((&told.ok(200)["success"], &told.body["pending"]), (&json!(true), &json!(true)));
    let data = &told.body["data"];
    assert_eq!(data["pendingCommandeId"], waiting.order.to_string());
    assert_eq!((&data["email"], &data["isProcessed"]), (&json!("zoe@example.com"), &json!(false)));
    assert_eq!(server.count("commandes").await, 0);
    assert_eq!(step(&server, &waiting.session, "settle").await.status, 303);
    assert_eq!(simulate(&server, &body).await.ok(200)["pending"], false);
}

#[tokio::test]
async fn the_simulated_webhook_exists_with_the_simulator_only() {
    let real_keys = [("STRIPE_SECRET_KEY", "sk_live_of_tests"), ("STRIPE_API_URL", "http://127.0.0.1:9")];
    let production = [
        ("APP_ENV", "production"),
        ("FRONTEND_URL", "https://www.example.com"),
        ("RATE_LIMIT_ENABLED", "true"),
        ("SMTP_URL", "smtp://127.0.0.1:9"),
        ("FROM_EMAIL", "contact@staka.test"),
        ("COMPANY_NAME", "Staka Livres"),
        ("COMPANY_LEGAL_FORM", "SASU"),
        ("COMPANY_STREET", "1 rue de l’Exemple"),
        ("COMPANY_POSTAL_CODE", "75001"),
        ("COMPANY_CITY", "Paris"),
        ("COMPANY_SIREN", "732829320"),
        ("VAT_REGIME", "franchise"),
    ];
    for settings in [real_keys.to_vec(), [&real_keys[..], &production[..]].concat()] {
        let server = TestServer::with(&settings).await;
        let answer = simulate(&server, &json!({ "sessionId": "cs_1" })).await;
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (404, &json!("NOT_FOUND")));
        assert_eq!(server.get("/dev/stripe/events").await.status, 404);
    }
}
