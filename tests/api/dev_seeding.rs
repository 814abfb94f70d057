//! Made-up data on a workstation.

use reqwest::Method;
use serde_json::json;
use staka::router;

use crate::support::server::TestServer;

#[tokio::test]
async fn made_up_people_and_orders_are_marked_and_leave_by_their_mark() {
    let server = TestServer::start().await;
    let client = server.client().await;
    server.commande(&client, "Test de vrai roman", "EN_COURS").await;
    server.user("user1@test.com", staka::auth::Role::User, None).await;
    let body = json!({
        "users": [
            {"prenom": "Léa", "nom": "Test", "email": "lea@test.com", "role": "USER", "status": "active"},
            {"prenom": "Max", "nom": "Test", "email": "max@test.com", "role": "CORRECTOR", "status": "inactive"},
            {"prenom": "Camille", "nom": "Durand", "email": "CLIENT@example.com", "role": "ADMIN", "status": "active"},
        ],
        "orders": [
            {"title": "Un roman", "client": "lea@test.com", "amount": 46_800, "status": "TERMINE", "priority": "HAUTE"},
            {"title": "Un essai", "client": "client@example.com", "amount": 100},
            {"title": "Rien", "client": "inconnu@test.com", "amount": 100},
        ],
        "generateStatistics": true,
    });
    let made = server.post("/dev/seed-admin-test-data", &body).await.ok(200)["data"].clone();
    assert_eq!(made, json!({"usersCreated": 3, "ordersCreated": 2, "statisticsGenerated": true}));
    let order = "SELECT CONCAT_WS(' ', statut, payment_status, priorite, amount) FROM commandes WHERE titre = 'Un roman'";
    assert_eq!(server.texts(order).await, ["TERMINE paid HAUTE 46800"]);
    let weak = "users WHERE is_demo AND password_hash <> '!'";
    assert_eq!((server.count("users WHERE is_demo").await, server.count(weak).await), (2, 0));
    assert_eq!(
        server.count("users WHERE email = 'client@example.com' AND role = 'USER' AND NOT is_demo").await,
        1
    );
    let body = json!({"newUsers": 3, "newOrders": 4, "newRevenue": 1_200});
    let added = server.post("/dev/simulate-new-activity", &body).await.ok(200)["data"].clone();
    assert_eq!(
        added,
        json!({"usersAdded": 3, "ordersAdded": 4, "revenueAdded": 1_200, "timestamp": "2026-03-10T09:00:00.000Z"})
    );
    server.post("/dev/simulate-new-activity", &json!({})).await.ok(200);
    let gone = server.call(Method::DELETE, "/dev/cleanup-admin-test-data", None, None).await;
    assert_eq!(
        gone.ok(200)["data"],
        json!({"ordersDeleted": 6, "usersDeleted": 5, "notificationsDeleted": 2})
    );
    assert_eq!(server.texts("SELECT titre FROM commandes").await, ["Test de vrai roman"]);
    assert_eq!(server.count("users").await, 4, "names and addresses are no mark");
    assert!(server.queued().await.is_empty());
    for (path, body, field) in [
        (
            "/dev/seed-admin-test-data",
            json!({"users": [{"prenom": "L", "nom": "Test", "email": "a@b.fr"}]}),
            "users",
        ),
        (
            "/dev/seed-admin-test-data",
            json!({"orders": [{"title": "T", "client": "a@b.fr", "status": "PERDUE"}]}),
            "orders",
        ),
        ("/dev/simulate-new-activity", json!({"newUsers": 101}), "newUsers"),
        ("/dev/simulate-new-activity", json!({"newOrders": -1}), "newOrders"),
    ] {
        let refused = server.post(path, &body).await;
        assert_eq!(refused.refused(400, "VALIDATION_ERROR")["details"][0]["path"][0], field);
    }
}

#[tokio::test]
async fn the_database_is_emptied_and_seeded_again() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let client = server.client().await;
    let (order, _) = server.paid_order(&client).await;
    server.invoice(order).await;
    server.conversation(&client).await;
    let tarifs = server.count("tarifs").await;
    let answer = server.post("/dev/reset-database", &json!({})).await.ok(200)["data"].clone();
    assert_eq!(answer, json!({"adminCreated": "admin@example.com"}));
    for (rows, count) in [
        ("users", 3),
        ("commandes", 0),
        ("invoices", 0),
        ("messages", 0),
        ("audit_logs", 0),
        ("tarifs", tarifs),
    ] {
        assert_eq!(server.count(rows).await, count, "{rows}");
    }
    let login = json!({"email": "admin@example.com", "password": "Admin-Staka-2026"});
    server.post("/auth/login", &login).await.ok(200);
    // Rows that lead nowhere are refused again.
    let orphan = sqlx::query(
        "INSERT INTO login_tickets (token_hash, user_id, expires_at, created_at) VALUES ('x', UNHEX(REPEAT('00', 16)), NOW(), NOW())",
    );
    assert!(orphan.execute(server.state.db.pool()).await.is_err());
}

#[tokio::test]
async fn the_sample_is_a_real_invoice_of_which_nothing_stays() {
    let server = TestServer::start().await;
    let sample = server.get("/dev/sample-invoice").await;
    assert_eq!(sample.status, 200);
    assert_eq!(sample.header("content-type"), Some("application/pdf"));
    assert_eq!(
        sample.header("content-disposition"),
        Some("attachment; filename=\"facture-exemple-staka-livres.pdf\"")
    );
    assert!(sample.bytes.starts_with(b"%PDF-1.7") || sample.bytes.starts_with(b"%PDF-"));
    assert_eq!((server.count("invoices").await, server.count("invoice_counters").await), (0, 0));
    assert!(server.objects().is_empty());
}

#[tokio::test]
async fn they_are_for_this_machine_and_for_administrators_in_development_alone() {
    let server = TestServer::start().await;
    let (admin, client) = (server.admin().await, server.client().await);
    let from_afar = |token: Option<&str>| {
        let request = server
            .request(Method::POST, "/dev/simulate-new-activity")
            .header("x-forwarded-for", "203.0.113.9");
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    };
    let ask = async |token: Option<&str>| crate::support::answer::send(from_afar(token)).await;
    ask(None).await.refused(401, "TOKEN_MISSING");
    ask(Some(&client.token)).await.refused(403, "ADMIN_REQUIRED");
    ask(Some(&admin.token)).await.ok(200);
    server.post("/api/dev/simulate-new-activity", &json!({})).await;
    let production = serde_json::to_value(router::build(false).1).unwrap();
    let paths = production["paths"].as_object().unwrap();
    assert!(paths.keys().all(|path| !path.starts_with("/dev")), "none of them exists in production");
}
