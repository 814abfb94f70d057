use futures_util::future::join_all;
use serde_json::{Value, json};
use staka::auth::Role;
use staka::users::service::create_admin;

use super::bench::{Bench, IP, PASSWORD, registration};

#[tokio::test]
async fn an_account_is_opened_and_logged_in() {
    let bench = Bench::start().await;
    bench.account("chef@example.com", "!", Role::Admin, true).await;
    let answer = bench.post("/auth/register", registration("  Zoé.Durand@Example.COM ")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let keys: Vec<_> = answer.body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["message", "token", "user"]);
    let user = &answer.body["user"];
    let mut expected = json!({
        "prenom": "Zoé", "nom": "Durand", "email": "zoé.durand@example.com", "role": "USER", "isActive": true,
        "createdAt": "2026-03-02T10:00:00.000Z", "updatedAt": "2026-03-02T10:00:00.000Z",
        "telephone": "06 12 34 56 78", "adresse": null, "bio": null, "avatar": null, "preferences": null,
    });
    expected["id"] = user["id"].clone();
    assert_eq!(*user, expected);

    let me = bench.me(answer.body["token"].as_str().unwrap()).await.ok();
    assert_eq!(me, expected, "the bare object");
    assert!(
        bench.texts("SELECT password_hash FROM users WHERE role = 'USER'").await[0]
            .starts_with("$argon2id$v=19$")
    );
    assert_eq!(bench.audited().await, ["REGISTER_SUCCESS LOW zoé.durand@example.com"]);
    assert_eq!(bench.mails().await, ["admin-info equipe@example.com", "welcome-user zoé.durand@example.com"]);
    let told = bench
        .texts(
            "SELECT CONCAT(u.email, ' ', n.action_url) FROM notifications n JOIN users u ON u.id = n.user_id",
        )
        .await;
    assert_eq!(told, ["chef@example.com /admin/users"]);
    assert_eq!(
        bench.texts("SELECT CONCAT(target_type, ' ', ip_address) FROM audit_logs").await,
        [format!("auth {IP}")]
    );
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let bench = Bench::start().await;
    let refused = async |change: Value, fields: &[&str]| {
        let mut body = registration("zoe@example.com");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        bench.post("/auth/register", body).await.refused_fields(fields);
    };
    refused(json!({ "prenom": "Z" }), &["prenom"]).await;
    refused(json!({ "prenom": "  Z  ", "nom": "x".repeat(101) }), &["nom", "prenom"]).await;
    refused(json!({ "email": "zoe@example" }), &["email"]).await;
    refused(json!({ "email": format!("{}@example.com", "z".repeat(255)) }), &["email"]).await;
    refused(json!({ "email": "zoe@example.com\r\nBcc: x@y.fr" }), &["email"]).await;
    refused(json!({ "password": "abcdefghijk" }), &["password"]).await;
    refused(json!({ "password": "a".repeat(129) }), &["password"]).await;
    refused(json!({ "telephone": "1".repeat(21) }), &["telephone"]).await;
    // Wrong types are refused one by one.
    refused(json!({ "prenom": 5 }), &["prenom"]).await;
    refused(json!({ "email": ["a@b.fr"] }), &["email"]).await;
    refused(json!({ "email": {} }), &["email"]).await;
    refused(json!({ "email": null }), &["email"]).await;
    refused(json!({ "password": 12_345_678 }), &["password"]).await;
    bench.post("/auth/register", json!({})).await.refused_fields(&["prenom"]);
    bench.post("/auth/register", json!([])).await.refused(400, "VALIDATION_ERROR");
    let request =
        bench.request(reqwest::Method::POST, "/auth/register").header("content-type", "application/json");
    bench.send(request.body("{")).await.refused(400, "INVALID_JSON");
    assert!(bench.texts("SELECT email FROM users").await.is_empty());
    assert!(bench.audited().await.is_empty());
}

#[tokio::test]
async fn an_empty_phone_number_is_none_and_unknown_keys_are_ignored() {
    let bench = Bench::start().await;
    let mut body = registration("zoe@example.com");
    body["telephone"] = json!("");
    body["role"] = json!("ADMIN");
    let answer = bench.post("/auth/register", body).await;
    assert_eq!((answer.status, &answer.body["user"]["telephone"]), (201, &Value::Null));
    assert_eq!(answer.body["user"]["role"], "USER");
}

#[tokio::test]
async fn an_address_is_taken_once_however_it_is_written() {
    let bench = Bench::start().await;
    bench.registered("victim@gmail.com").await;
    bench.post("/auth/register", registration(" VICTIM@Gmail.com ")).await.refused(409, "EMAIL_TAKEN");
    // Another person, although the text columns of the database would call the two equal.
    bench.registered("víctim@gmáil.com").await;
    let told = bench.audited().await;
    assert_eq!(told[1], "REGISTER_FAILED LOW victim@gmail.com");
    bench.login("victim@gmail.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn of_registrations_at_once_one_wins() {
    let bench = Bench::start().await;
    let answers =
        join_all((0..6).map(|_| bench.post("/auth/register", registration("zoe@example.com")))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    assert_eq!(bench.mails().await.len(), 2);
}

#[tokio::test]
async fn an_address_may_open_so_many_accounts_an_hour() {
    let bench = Bench::with(&[("RATE_LIMIT_REGISTER", "2/3600")]).await;
    bench.post("/auth/register", json!({ "email": "x" })).await.refused(400, "VALIDATION_ERROR");
    bench.registered("a@example.com").await;
    bench.post("/auth/register", registration("a@example.com")).await.refused(409, "EMAIL_TAKEN");
    let answer = bench.post("/auth/register", registration("b@example.com")).await;
    answer.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!((answer.retry_after.as_deref(), &answer.body["retryAfter"]), (Some("3600"), &json!(3600)));
    let elsewhere = bench.post_from("198.51.100.1", "/auth/register", registration("b@example.com")).await;
    assert_eq!(elsewhere.status, 201);
    bench.time.advance(chrono::Duration::hours(1));
    bench.registered("c@example.com").await;
}

#[tokio::test]
async fn an_administrator_is_opened_from_the_command_line() {
    let bench = Bench::start().await;
    let id = create_admin(&bench.state, " Chef@Example.com ", "Ada", "Lovelace", PASSWORD).await.unwrap();
    let body = bench.login("chef@example.com", PASSWORD).await.ok();
    assert_eq!((&body["user"]["role"], &body["user"]["id"]), (&json!("ADMIN"), &json!(id)));
    assert_eq!(bench.audited().await[0], "USER_CREATED HIGH system");

    bench.registered("zoe@example.com").await;
    let taken = create_admin(&bench.state, "zoe@example.com", "Ada", "Lovelace", PASSWORD).await.unwrap_err();
    assert_eq!(taken.code(), "EMAIL_TAKEN");
    let weak = create_admin(&bench.state, "x", "A", "Lovelace", "short").await.unwrap_err();
    assert_eq!((weak.status().as_u16(), weak.code()), (400, "VALIDATION_ERROR"));
}
