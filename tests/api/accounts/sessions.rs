use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::bench::{Bench, SECRET};

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn signed(claims: &Value, algorithm: Algorithm, secret: &[u8]) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn a_token_says_what_the_contract_says() {
    let bench = Bench::start().await;
    let claims = claims(&bench.registered("zoe@example.com").await);
    let now = bench.now().timestamp();
    let expected = json!({
        "userId": bench.user_id("zoe@example.com").await, "email": "zoe@example.com", "role": "USER", "ver": 0,
        "iat": now, "exp": now + 604_800, "iss": "staka-livres", "aud": "staka-users",
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn only_our_own_tokens_open() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    let good = claims(&token);
    bench.me(&signed(&good, Algorithm::HS256, SECRET.as_bytes())).await.ok();
    for (key, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("iss", Value::Null),
        ("aud", Value::Null),
        ("ver", json!(1)),
        ("userId", json!(uuid::Uuid::nil())),
        ("exp", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        bench.me(&signed(&bad, Algorithm::HS256, SECRET.as_bytes())).await.refused(401, "TOKEN_INVALID");
    }
    let mut incomplete = good.clone();
    incomplete.as_object_mut().unwrap().remove("aud");
    bench.me(&signed(&incomplete, Algorithm::HS256, SECRET.as_bytes())).await.refused(401, "TOKEN_INVALID");
    bench.me(&signed(&good, Algorithm::HS512, SECRET.as_bytes())).await.refused(401, "TOKEN_INVALID");
    bench
        .me(&signed(&good, Algorithm::HS256, b"another secret of 32 characters"))
        .await
        .refused(401, "TOKEN_INVALID");
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    bench.me(&format!("{none}.{}.", token.split('.').nth(1).unwrap())).await.refused(401, "TOKEN_INVALID");
}

#[tokio::test]
async fn without_a_token_there_is_no_session() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    for (method, path) in [(Method::GET, "/auth/me"), (Method::POST, "/auth/refresh")] {
        bench.send(bench.request(method.clone(), path)).await.refused(401, "TOKEN_MISSING");
        for (header, code) in [
            ("Bearer null", "TOKEN_INVALID"),
            ("Bearer undefined", "TOKEN_INVALID"),
            ("Bearer ", "TOKEN_MISSING"),
            ("Basic eDp5", "TOKEN_MISSING"),
        ] {
            let request = bench.request(method.clone(), path).header("authorization", header);
            bench.send(request).await.refused(401, code);
        }
    }
}

#[tokio::test]
async fn a_session_lasts_seven_days_and_is_prolonged_while_it_lasts() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    bench.time.advance(Duration::days(7) - Duration::seconds(1));
    // The web application sends an empty object, other clients nothing.
    let with_body = bench
        .send(bench.request(Method::POST, "/auth/refresh").bearer_auth(&token).json(&json!({})))
        .await
        .ok();
    let body = bench.send(bench.request(Method::POST, "/auth/refresh").bearer_auth(&token)).await.ok();
    assert_eq!(body["user"], with_body["user"]);
    assert_eq!(body["user"].as_object().unwrap().len(), 13);
    bench.time.advance(Duration::seconds(1));
    bench.me(&token).await.refused(401, "TOKEN_INVALID");
    bench
        .send(bench.request(Method::POST, "/auth/refresh").bearer_auth(&token))
        .await
        .refused(401, "TOKEN_INVALID");
    bench.me(body["token"].as_str().unwrap()).await.ok();
}

#[tokio::test]
async fn an_outage_is_never_a_dead_session() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    bench.state.db.close().await;
    let answer = bench.me(&token).await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert!(answer.retry_after.is_some());
    bench.login("zoe@example.com", "x").await.refused(503, "SERVICE_UNAVAILABLE");
}

#[tokio::test]
async fn an_erased_account_has_no_session() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    bench.run("UPDATE users SET deleted_at = '2026-03-02'", &[]).await;
    bench.me(&token).await.refused(401, "TOKEN_INVALID");
    bench.login("zoe@example.com", super::bench::PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn preferences_are_an_object_or_nothing() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    bench.run(r#"UPDATE users SET preferences = '{"notifications":{"email":false}}'"#, &[]).await;
    assert_eq!(bench.me(&token).await.ok()["preferences"], json!({ "notifications": { "email": false } }));
    bench.run("UPDATE users SET preferences = '[]'", &[]).await;
    assert_eq!(bench.me(&token).await.ok()["preferences"], Value::Null);
}
