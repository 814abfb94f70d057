//! Whose budget a request spends.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    answer::{Answer, send},
    server::{CLIENT, TestServer},
};

async fn server() -> TestServer {
    TestServer::with(&[("RATE_LIMIT_ENABLED", "true")]).await
}

fn left(answer: &Answer) -> (&str, &str) {
    (answer.header("ratelimit-limit").unwrap(), answer.header("ratelimit-remaining").unwrap())
}

async fn logs_in(server: &TestServer, password: &str) -> Answer {
    server.post("/api/auth/login", &json!({ "email": CLIENT.0, "password": password })).await
}

#[tokio::test]
async fn what_has_a_budget_of_its_own_leaves_the_general_one_alone() {
    let server = server().await;
    assert_eq!(left(&server.get("/api").await), ("600", "599"));
    assert_eq!(logs_in(&server, CLIENT.1).await.status, 200);
    logs_in(&server, "faux").await.refused(401, "INVALID_CREDENTIALS");
    server.get("/api/tarifs").await.ok(200);
    assert_eq!(left(&server.get("/api").await), ("600", "598"));
    // What is counted by nobody else is counted here.
    let malformed = server.post("/api/auth/login", &Value::Null).await;
    assert_eq!(malformed.status, 400);
    assert_eq!(left(&server.get("/api").await), ("600", "596"));
}

#[tokio::test]
async fn a_token_that_is_no_session_spends_the_budget_of_its_address() {
    let server = server().await;
    let token = server.login(CLIENT).await;
    assert_eq!(left(&server.get_as(&token, "/api").await), ("2000", "1999"));
    for end in [
        "UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN' WHERE email = ?",
        "UPDATE users SET is_active = TRUE, deactivated_by = NULL, token_version = token_version + 1 WHERE email = ?",
    ] {
        sqlx::query(end).bind(CLIENT.0).execute(server.state.db.pool()).await.unwrap();
        let id = sqlx::query_scalar("SELECT id FROM users WHERE email = ?").bind(CLIENT.0);
        server.state.sessions.forget(id.fetch_one(server.state.db.pool()).await.unwrap()).await;
        let answer = send(server.request(Method::GET, "/api").bearer_auth(&token)).await;
        assert_eq!(left(&answer).0, "600", "{end}");
    }
    server.advance(TimeDelta::days(8));
    let fresh = server.login(CLIENT).await;
    assert_eq!(left(&server.get_as(&token, "/api").await).0, "600", "expired");
    assert_eq!(left(&server.get_as(&fresh, "/api").await).0, "600", "of an old version");
}
