//! The demonstration: made, made again, counted nowhere, taken away.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer};

async fn ask(server: &TestServer, method: Method, path: &str) -> Answer {
    let admin = server.admin().await;
    server.call(method, &format!("/api/admin/demo{path}"), Some(&admin.token), None).await
}

/// What the demonstration tells, ids and references aside.
async fn told(server: &TestServer) -> Vec<String> {
    let mut told = Vec::new();
    for sql in [
        "SELECT CONCAT_WS(' ', prenom, nom, email, is_active, created_at, updated_at) FROM users WHERE is_demo ORDER BY email",
        "SELECT CONCAT_WS(' ', c.titre, c.statut, c.amount, c.paid_at, c.created_at, c.updated_at, u.email) FROM commandes c
         JOIN users u ON u.id = c.user_id WHERE c.is_demo ORDER BY c.created_at, c.titre",
        "SELECT CONCAT_WS(' ', number, amount, paid_at) FROM invoices WHERE is_demo ORDER BY number",
        "SELECT CONCAT_WS(' ', subject, created_at) FROM messages ORDER BY created_at, subject",
    ] {
        told.extend(server.texts(sql).await);
    }
    told
}

#[tokio::test]
async fn without_its_setting_there_is_none() {
    let server = TestServer::start().await;
    ask(&server, Method::POST, "/refresh").await.refused(403, "DEMO_DISABLED");
    ask(&server, Method::POST, "/reset").await.refused(403, "DEMO_DISABLED");
    let status = ask(&server, Method::GET, "/status").await.ok(200)["data"].clone();
    assert_eq!((&status["demoDataExists"], &status["demoMode"]), (&json!(false), &json!(false)));
    assert_eq!(server.count("audit_logs").await, 0);
}

#[tokio::test]
async fn it_is_made_made_again_and_taken_away_whole() {
    let server = TestServer::with(&[("DEMO_MODE", "true")]).await;
    let client = server.client().await;
    let (order, _) = server.paid_order(&client).await;
    server.invoice(order).await;
    server.notification(&client).await;
    let tables =
        ["users", "commandes", "invoices", "messages", "conversations", "notifications", "invoice_counters"];
    let sizes = async || {
        let mut sizes = Vec::new();
        for table in tables {
            sizes.push(server.count(table).await);
        }
        sizes
    };
    let before = sizes().await;
    let none = json!({"users": 0, "commandes": 0, "factures": 0, "messages": 0, "notifications": 0});
    let made = ask(&server, Method::POST, "/reset").await.ok(200)["data"].clone();
    assert_eq!((&made["supprimees"], &made["initiales"]["users"]), (&none, &json!(8)));
    assert_eq!(
        (&made["initiales"]["commandes"], &made["initiales"]["notifications"]),
        (&json!(15), &json!(10))
    );
    assert!(
        made["initiales"]["factures"].as_i64().unwrap() > 0
            && made["initiales"]["messages"].as_i64().unwrap() >= 16
    );
    let status = ask(&server, Method::GET, "/status").await.ok(200)["data"].clone();
    assert_eq!((&status["counts"], &status["demoDataExists"]), (&made["initiales"], &json!(true)));
    let first = told(&server).await;
    // Another one, then the first again.
    let other = ask(&server, Method::POST, "/refresh").await.ok(200)["data"].clone();
    assert_eq!(other["supprimees"], made["initiales"]);
    assert_ne!(told(&server).await, first);
    let again = ask(&server, Method::POST, "/reset").await.ok(200)["data"].clone();
    assert_eq!((&again["supprimees"], &again["initiales"]), (&other["creees"], &made["initiales"]));
    assert_eq!(told(&server).await, first);
    // It takes no number of ours, waits for nobody's work, and tells nobody.
    assert_eq!(
        server
            .count("invoices WHERE is_demo AND (number NOT LIKE 'DEMO-%' OR render_due_at IS NOT NULL)")
            .await,
        0
    );
    assert_eq!(server.count("audit_logs WHERE action LIKE 'DEMO%' AND target_type = 'system'").await, 3);
    assert!(server.queued().await.is_empty());
    assert_eq!(server.count("commandes WHERE is_demo AND reference IS NULL").await, 0);
    // Its accounts are listed, and counted by no figure.
    let admin = server.admin().await;
    let listed = server.get_as(&admin.token, "/admin/users?search=demo.invalid").await.ok(200).clone();
    assert_eq!(listed["pagination"]["total"], 8);
    let figures = server.get_as(&admin.token, "/admin/users/stats").await.ok(200).clone();
    assert_eq!(figures["data"]["total"], 3);
    // What was done with it meanwhile leaves with it.
    let orders: Vec<String> = server.texts("SELECT HEX(id) FROM commandes WHERE is_demo").await;
    let order = orders[0].parse::<uuid::Uuid>().unwrap();
    server.document(Some(order), &admin, "corrige.txt", true).await;
    let user: String = server
        .value("SELECT HEX(id) FROM users WHERE is_demo ORDER BY is_active DESC LIMIT 1")
        .await
        .unwrap();
    let user = user.parse::<uuid::Uuid>().unwrap();
    let message = json!({"userId": user, "content": "Bonjour"});
    server.post_as(&admin.token, "/messages/admin/conversations/create", &message).await.ok(201);
    let closed = json!({"isActive": false});
    server
        .call(Method::PUT, &format!("/admin/users/{user}/status"), Some(&admin.token), Some(closed))
        .await
        .ok(200);
    assert!(server.queued().await.is_empty(), "an address that cannot exist gets no mail");
    let gone = ask(&server, Method::DELETE, "").await.ok(200)["data"].clone();
    assert_eq!(gone["supprimees"]["users"], 8);
    assert_eq!(sizes().await, before, "{tables:?}");
    assert_eq!(server.count("files").await, 0);
    assert_eq!(server.count("storage_deletions").await, 1);
    let status = ask(&server, Method::GET, "/status").await.ok(200)["data"].clone();
    assert_eq!(status["counts"], none);
}

#[tokio::test]
async fn of_those_who_make_it_at_once_each_makes_it_whole() {
    let server = TestServer::with(&[("DEMO_MODE", "true")]).await;
    let making = (0..4).map(|number| {
        let server = &server;
        async move { ask(server, Method::POST, ["/refresh", "/reset"][number % 2]).await }
    });
    for answer in join_all(making).await {
        let data: &Value = &answer.ok(200)["data"];
        assert!(data["supprimees"]["users"] == 0 || data["supprimees"]["users"] == 8, "{data}");
    }
    assert_eq!(server.count("users WHERE is_demo").await, 8);
    assert_eq!(server.count("commandes WHERE is_demo").await, 15);
}

#[tokio::test]
async fn real_money_keeps_an_order_of_it() {
    let server = TestServer::with(&[("DEMO_MODE", "true")]).await;
    ask(&server, Method::POST, "/reset").await.ok(200);
    // As if one of them had been paid for.
    server
        .execute(
            "UPDATE invoices SET is_demo = FALSE, number = 'FA-2026-000001' WHERE number LIKE 'DEMO-%-001'",
        )
        .await;
    let gone = ask(&server, Method::DELETE, "").await.ok(200)["data"].clone();
    assert_eq!((&gone["supprimees"]["commandes"], &gone["supprimees"]["users"]), (&json!(14), &json!(7)));
    assert_eq!(server.count("invoices").await, 1);
}
