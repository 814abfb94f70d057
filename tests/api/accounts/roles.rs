//! Who may call what: roles are arguments of handlers, and `/admin` is locked twice.

use axum::{Json, Router, routing::get};
use reqwest::Method;
use serde_json::json;
use staka::{
    admin,
    app::AppState,
    auth::{Admin, Client, Corrector, Role, Session, Staff},
};
use utoipa_axum::router::OpenApiRouter;

use super::bench::Bench;

/// One route per circle, which answers the caller's role, and an administration whose handlers ask nothing.
fn circles() -> Router<AppState> {
    let forgetful = OpenApiRouter::new()
        .route("/forgetful", get(async || "open"))
        .route("/forgetful/{id}", get(async || "open").post(async || "open"));
    Router::new()
        .route("/anyone", get(async |Session(user): Session| Json(user.role)))
        .route("/clients", get(async |Client(user): Client| Json(user.role)))
        .route("/correctors", get(async |Corrector(user): Corrector| Json(user.role)))
        .route("/staff", get(async |Staff(user): Staff| Json(user.role)))
        .route("/admins", get(async |Admin(user): Admin| Json(user.role)))
        .merge(Router::from(admin::locked(forgetful)))
}

#[tokio::test]
async fn each_circle_admits_its_roles_and_tells_the_others_theirs() {
    let bench = Bench::around(circles()).await;
    let people = [
        (Role::User, "USER", ["/anyone", "/clients"].as_slice()),
        (Role::Corrector, "CORRECTOR", &["/anyone", "/correctors", "/staff"]),
        (Role::Admin, "ADMIN", &["/anyone", "/clients", "/staff", "/admins", "/admin/forgetful"]),
    ];
    let codes = [
        ("/clients", "CLIENT_REQUIRED"),
        ("/correctors", "CORRECTOR_REQUIRED"),
        ("/staff", "STAFF_REQUIRED"),
        ("/admins", "ADMIN_REQUIRED"),
        ("/admin/forgetful", "ADMIN_REQUIRED"),
    ];
    for (role, name, open) in people {
        let token = bench.session(role).await;
        for (path, code) in codes {
            let request = bench.request(Method::GET, path).bearer_auth(&token);
            if open.contains(&path) {
                assert_eq!(request.send().await.unwrap().status(), 200, "{name} on {path}");
                continue;
            }
            let refused = bench.send(request).await;
            assert_eq!(refused.refused(403, code).body["currentRole"], name, "{path}");
        }
    }
}

#[tokio::test]
async fn the_administration_is_closed_whatever_its_handlers_ask() {
    let bench = Bench::around(circles()).await;
    let admin = bench.session(Role::Admin).await;
    for (method, path) in [
        (Method::GET, "/admin/forgetful"),
        (Method::GET, "/api/admin//forgetful/"),
        (Method::GET, "/admin/forgetful/1"),
        (Method::POST, "/admin/forgetful/1"),
    ] {
        let request = || bench.request(method.clone(), path);
        bench.send(request()).await.refused(401, "TOKEN_MISSING");
        bench.send(request().bearer_auth("no-token-of-ours")).await.refused(401, "TOKEN_INVALID");
        assert_eq!(request().bearer_auth(&admin).send().await.unwrap().status(), 200, "{path}");
    }
    // The role that counts is the database's, and an account that is closed has none.
    bench.run("UPDATE users SET role = 'USER'", &[]).await;
    bench.forget_accounts().await;
    let request = bench.request(Method::GET, "/admin/forgetful").bearer_auth(&admin);
    bench.send(request).await.refused(403, "ADMIN_REQUIRED");
    bench.run("UPDATE users SET role = 'ADMIN', is_active = FALSE", &[]).await;
    bench.forget_accounts().await;
    let request = bench.request(Method::GET, "/admin/forgetful").bearer_auth(&admin);
    bench.send(request).await.refused(401, "ACCOUNT_INACTIVE");
}

#[tokio::test]
async fn a_corrector_orders_nothing() {
    let bench = Bench::start().await;
    let corrector = bench.session(Role::Corrector).await;
    for path in ["/commandes", "/commandes/create-paid-project", "/payments/create-checkout-session"] {
        let request = bench.request(Method::POST, path).bearer_auth(&corrector).json(&json!({}));
        let refused = bench.send(request).await;
        assert_eq!(refused.refused(403, "CLIENT_REQUIRED").body["currentRole"], "CORRECTOR", "{path}");
    }
    bench.me(&corrector).await.ok();
}

#[tokio::test]
async fn a_session_is_asked_for_once_and_two_tokens_are_none() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    let twice = bench.request(Method::GET, "/auth/me").bearer_auth(&token).bearer_auth(&token);
    bench.send(twice).await.refused(400, "AMBIGUOUS_TOKEN");
    // A public page is public with any token.
    let tarifs = bench.request(Method::GET, "/tarifs").bearer_auth("no-token-of-ours");
    assert_eq!(tarifs.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_token_that_is_no_session_counts_as_nobodys() {
    let limits = [("RATE_LIMIT_ANONYMOUS", "77/900"), ("RATE_LIMIT_USER", "88/900")];
    let bench = Bench::with(&limits).await;
    let token = bench.registered("zoe@example.com").await;
    let limit = async || {
        let request = bench.request(Method::GET, "/tarifs").bearer_auth(&token);
        request.send().await.unwrap().headers()["ratelimit-limit"].to_str().unwrap().to_owned()
    };
    assert_eq!(limit().await, "88");
    bench.run("UPDATE users SET token_version = token_version + 1", &[]).await;
    bench.forget_accounts().await;
    assert_eq!(limit().await, "77");
}
