//! One's own account: what is changed of it, and leaving it.

mod leaving;
mod profile;

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer, send};

const EMAIL: &str = "lea@example.com";
const PASSWORD: &str = "Marguerite-1951";

/// Opens an account by the door; its session token.
async fn registered(server: &TestServer) -> String {
    let form = json!({ "prenom": "Léa", "nom": "Petit", "email": EMAIL, "password": PASSWORD });
    token_of(server.post("/api/auth/register", &form).await.ok(201))
}

async fn login(server: &TestServer, password: &str) -> Answer {
    server.post("/api/auth/login", &json!({ "email": EMAIL, "password": password })).await
}

fn token_of(body: &Value) -> String {
    body["token"].as_str().unwrap().to_owned()
}

async fn put(server: &TestServer, token: &str, path: &str, body: Value) -> Answer {
    server.call(Method::PUT, &format!("/api/users/me{path}"), Some(token), Some(body)).await
}

/// As the web application sends a request without a body: it declares JSON all the same.
async fn bare(server: &TestServer, method: Method, token: &str, path: &str) -> Answer {
    let request = server.request(method, &format!("/api/users/me{path}"));
    send(request.bearer_auth(token).header(CONTENT_TYPE, "application/json")).await
}

/// `action details` of the audit rows about an account, oldest first.
async fn acts(server: &TestServer, action: &str) -> Vec<String> {
    let sql = format!(
        "SELECT CONCAT(severity, ' ', details) FROM audit_logs WHERE action = '{action}' ORDER BY seq"
    );
    server.texts(&sql).await
}
