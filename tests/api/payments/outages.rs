//! What surrounds the server is away: nothing is half done, nobody is logged out, and it recovers.

use std::path::Path;

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use super::bench::{accepted, completed, deliver, guest_order, order_form, paid_once};
use crate::support::{
    proxy::Proxy,
    server::{Answer, CLIENT, TestServer, send},
    small_disk::SmallDisk,
};

/// The guest's order with a document.
async fn order_with(server: &TestServer, file: Part) -> Answer {
    let fields = order_form(server, "zoe@example.com").await;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let form = fields
        .as_object()
        .unwrap()
        .iter()
        .fold(Form::new(), |form, (key, value)| form.text(key.clone(), text(value)));
    send(server.request(Method::POST, "/api/public/order").multipart(form.part("files", file))).await
}

fn document() -> Part {
    let path = format!("{}/tests/fixtures/extrait.docx", env!("CARGO_MANIFEST_DIR"));
    Part::bytes(std::fs::read(path).unwrap()).file_name("extrait.docx")
}

fn files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

async fn nothing_ordered(server: &TestServer, directory: &Path) {
    for table in [
        "pending_commandes",
        "files",
        "checkout_sessions",
        "storage_deletions",
        "email_outbox",
        "notifications",
    ] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
    assert_eq!(files(directory), 0);
}

#[tokio::test]
async fn a_dead_stripe_leaves_no_trace_of_an_order() {
    let server = TestServer::with(&[("STRIPE_API_URL", "http://127.0.0.1:9/")]).await;
    let answer = order_with(&server, document()).await;
    assert_eq!((answer.status.as_u16(), &answer.body["code"]), (503, &json!("STRIPE_UNAVAILABLE")));
    assert!(answer.headers.contains_key("retry-after"));
    nothing_ordered(&server, &server.files).await;
    let health = server.get("/health").await;
    assert_eq!(health.status, 200); // payments can wait
    assert_eq!(health.body["services"]["stripe"], "error");
}

#[tokio::test]
async fn a_full_disk_leaves_no_trace_of_an_order() {
    let Some(disk) = SmallDisk::mount("payments::outages::a_full_disk_leaves_no_trace_of_an_order") else {
        return;
    };
    let server = TestServer::with(&[("UPLOADS_DIR", disk.0.to_str().unwrap())]).await;
    server.ignore_mails();
    let zip = [b"PK\x03\x04".to_vec(), vec![7; 3 << 20]].concat();
    let answer = order_with(&server, Part::bytes(zip).file_name("gros.zip")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (503, &json!("STORAGE_UNAVAILABLE")),
        "{:?}",
        answer.body
    );
    nothing_ordered(&server, &disk.0).await;
    assert_eq!(order_with(&server, document()).await.status, 201);
}

#[tokio::test]
async fn a_dead_database_is_an_outage_and_never_a_dead_session() {
    let line = Proxy::start().await;
    let server = TestServer::behind(&line).await;
    let token = server.login(CLIENT).await;
    let waiting = guest_order(&server, "zoe@example.com").await;
    let user = server.get_as(&token, "/api/auth/me").await;
    assert_eq!(user.status, 200);
    let user_id = user.body["id"].as_str().or(user.body["user"]["id"].as_str()).unwrap().parse().unwrap();

    line.cut();
    let webhook = completed(&waiting.session);
    for _ in 0..2 {
        for path in ["/api/invoices", "/api/auth/me", "/api/projects"] {
            let answer = server.get_as(&token, path).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (503, &json!("SERVICE_UNAVAILABLE")),
                "{path}"
            );
            assert!(answer.headers.contains_key("retry-after"));
        }
        let told = deliver(&server, &webhook).await;
        assert_eq!((told.status.as_u16(), &told.body["received"]), (503, &json!(false)));
        let login = server.post("/api/auth/login", &json!({ "email": CLIENT.0, "password": CLIENT.1 })).await;
        assert_eq!(login.status, 503);
        // What is remembered of the session for a moment must not make the difference.
        server.state.sessions.forget(user_id).await;
    }
    assert_eq!(server.get("/health/live").await.status, 200);
    let health = server.get("/health").await;
    assert_eq!((health.status.as_u16(), &health.body["services"]["database"]), (503, &json!("error")));
    assert_eq!(server.get("/health/ready").await.status, 503);

    line.mend();
    // Connections that broke unnoticed cost one answer each at most.
    for _ in 0..5 {
        let status = server.get_as(&token, "/api/invoices").await.status.as_u16();
        assert!([200, 503].contains(&status), "{status}");
    }
    assert_eq!(server.get_as(&token, "/api/invoices").await.status, 200);
    accepted(&server, &webhook).await;
    paid_once(&server).await;
}

#[tokio::test]
async fn a_database_that_hangs_is_seen_by_the_health_check() {
    let line = Proxy::start().await;
    let server = TestServer::behind(&line).await;
    line.pause();
    let health = server.get("/health").await;
    assert_eq!((health.status.as_u16(), &health.body["services"]["database"]), (503, &json!("error")));
    assert_eq!(health.body["services"]["storage"], "ok");
    assert_eq!(server.get("/health/live").await.status, 200);
    line.mend();
    assert_eq!(server.get("/api/tarifs").await.status, 200);
}
