use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use staka::auth::secret_links::mint_reset;
use uuid::Uuid;

use super::bench::{Answer, Bench, PASSWORD};

const NEW_PASSWORD: &str = "Relecture-2027";

async fn ask(bench: &Bench, email: &str) -> Answer {
    bench.post("/auth/request-password-reset", json!({ "email": email })).await
}

async fn mint(bench: &Bench, user_id: Uuid) -> String {
    let mut conn = bench.state.db.conn().await.unwrap();
    let (path, expires_at) = mint_reset(&mut conn, user_id, bench.now()).await.unwrap();
    assert_eq!(expires_at, bench.now() + Duration::hours(1));
    path.strip_prefix("/reset-password?token=").unwrap().to_owned()
}

async fn reset(bench: &Bench, token: &str) -> Answer {
    bench.post("/auth/reset-password", json!({ "token": token, "newPassword": NEW_PASSWORD })).await
}

#[tokio::test]
async fn a_request_is_answered_alike_whoever_asks() {
    let bench = Bench::with(&[("RATE_LIMIT_PASSWORD_RESET_IP", "100/3600")]).await;
    bench.registered("zoe@example.com").await;
    bench.registered("close@example.com").await;
    let close = bench.user_id("close@example.com").await;
    bench.run("UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN' WHERE id = ?", &[close]).await;
    bench.run("DELETE FROM email_outbox", &[]).await;
    bench.run("DELETE FROM audit_logs", &[]).await;

    let known = ask(&bench, " ZOE@example.com").await.ok();
    for email in ["zoé@example.com", "close@example.com", "nobody@example.com"] {
        assert_eq!(ask(&bench, email).await.ok(), known);
    }
    assert_eq!(bench.mails().await, ["reset-password zoe@example.com"], "the stored address alone");
    assert!(
        bench.texts("SELECT token_hash FROM password_resets").await.is_empty(),
        "no token before its mail"
    );
    assert_eq!(
        bench.audited().await,
        [
            "PASSWORD_RESET_REQUEST MEDIUM zoe@example.com",
            "PASSWORD_RESET_FAILED HIGH zoé@example.com",
            "PASSWORD_RESET_FAILED HIGH close@example.com",
            "PASSWORD_RESET_FAILED HIGH nobody@example.com"
        ]
    );
    assert_eq!(
        bench.texts("SELECT details FROM audit_logs WHERE details IS NOT NULL ORDER BY seq").await,
        [
            r#"{"reason":"user_not_found"}"#,
            r#"{"reason":"account_inactive"}"#,
            r#"{"reason":"user_not_found"}"#
        ]
    );
    ask(&bench, "zoe@example.com").await.ok();
    assert_eq!(bench.mails().await.len(), 2, "each request mails a link");
    bench.post("/auth/request-password-reset", json!({})).await.refused_fields(&["email"]);
    ask(&bench, "zoe").await.refused_fields(&["email"]);
    bench
        .post("/auth/request-password-reset", json!({ "email": ["zoe@example.com"] }))
        .await
        .refused_fields(&["email"]);
}

#[tokio::test]
async fn a_guest_who_never_activated_gets_an_activation_link_instead() {
    let bench = Bench::start().await;
    bench.guest("invite@example.com").await;
    ask(&bench, "invite@example.com").await.ok();
    assert_eq!(bench.mails().await, ["activation-reminder invite@example.com"]);
}

#[tokio::test]
async fn requests_are_limited_per_address_and_per_account() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    for n in 0..5 {
        let ip = format!("198.51.100.{n}");
        bench
            .post_from(&ip, "/auth/request-password-reset", json!({ "email": "zoe@example.com" }))
            .await
            .ok();
    }
    let other_spelling = json!({ "email": " ZOE@EXAMPLE.com" });
    bench
        .post_from("198.51.100.9", "/auth/request-password-reset", other_spelling)
        .await
        .refused(429, "TOO_MANY_REQUESTS");
    for n in 0..5 {
        ask(&bench, &format!("n{n}@example.com")).await.ok();
    }
    let answer = ask(&bench, "n9@example.com").await;
    answer.refused(429, "TOO_MANY_REQUESTS");
    assert!(answer.retry_after.is_some());
    bench.time.advance(Duration::hours(1));
    ask(&bench, "zoe@example.com").await.ok();
}

#[tokio::test]
async fn the_mailed_link_works() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    bench.run("DELETE FROM email_outbox", &[]).await;
    ask(&bench, "zoe@example.com").await.ok();
    let token = bench.mailed("/reset-password?token=").await;
    assert!(
        bench
            .texts("SELECT CAST(payload AS CHAR) FROM email_outbox")
            .await
            .iter()
            .all(|all| !all.contains(&token))
    );
    reset(&bench, &token).await.ok();
    bench.login("zoe@example.com", NEW_PASSWORD).await.ok();
}

#[tokio::test]
async fn a_link_replaces_the_password_once_and_ends_every_session() {
    let bench = Bench::start().await;
    let session = bench.registered("zoe@example.com").await;
    bench.me(&session).await.ok();
    let id = bench.user_id("zoe@example.com").await;
    let (token, other) = (mint(&bench, id).await, mint(&bench, id).await);
    let stored = bench.texts("SELECT token_hash FROM password_resets").await;
    assert!(stored.iter().all(|hash| hash.len() == 64 && *hash != token));

    let body = reset(&bench, &other).await.ok();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["message"]);
    bench.me(&session).await.refused(401, "TOKEN_INVALID");
    bench.login("zoe@example.com", PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    let session =
        bench.login("zoe@example.com", NEW_PASSWORD).await.ok()["token"].as_str().unwrap().to_owned();
    bench.me(&session).await.ok();
    let told = bench.mails().await;
    assert_eq!(told.iter().filter(|mail| *mail == "warning-user zoe@example.com").count(), 1, "{told:?}");
    reset(&bench, &other).await.refused(400, "INVALID_TOKEN");
    reset(&bench, &token).await.refused(400, "INVALID_TOKEN");
    let acts = bench.audited().await;
    assert_eq!(acts[1], "PASSWORD_RESET_SUCCESS MEDIUM zoe@example.com");
    assert_eq!(acts.last().unwrap(), "PASSWORD_RESET_FAILED HIGH unknown");
}

#[tokio::test]
async fn a_link_lasts_an_hour_and_survives_a_weak_password() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    let id = bench.user_id("zoe@example.com").await;
    let (token, late) = (mint(&bench, id).await, mint(&bench, id).await);
    bench
        .post("/auth/reset-password", json!({ "token": token, "newPassword": "faible" }))
        .await
        .refused_fields(&["newPassword"]);
    bench
        .post("/auth/reset-password", json!({ "newPassword": NEW_PASSWORD }))
        .await
        .refused_fields(&["token"]);
    bench
        .post("/auth/reset-password", json!({ "token": 5, "newPassword": NEW_PASSWORD }))
        .await
        .refused_fields(&["token"]);
    for odd in ["unknown", "é", " ", "' OR 1=1 -- "] {
        reset(&bench, odd).await.refused(400, "INVALID_TOKEN");
    }
    bench.time.advance(Duration::minutes(60) - Duration::milliseconds(1));
    reset(&bench, &token).await.ok();
    let fresh = mint(&bench, id).await;
    bench.time.advance(Duration::hours(1));
    reset(&bench, &late).await.refused(400, "INVALID_TOKEN");
    reset(&bench, &fresh).await.refused(400, "INVALID_TOKEN");
}

#[tokio::test]
async fn a_closed_account_keeps_its_password() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    let id = bench.user_id("zoe@example.com").await;
    let token = mint(&bench, id).await;
    bench.run("UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN'", &[]).await;
    reset(&bench, &token).await.refused(400, "ACCOUNT_INACTIVE");
    bench.run("UPDATE users SET is_active = TRUE, deactivated_by = NULL", &[]).await;
    bench.login("zoe@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn of_resets_at_once_one_wins() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    let id = bench.user_id("zoe@example.com").await;
    let (one, other) = (mint(&bench, id).await, mint(&bench, id).await);
    let answers = join_all([&one, &other, &one, &other].map(|token| reset(&bench, token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 3);
    assert_eq!(bench.texts("SELECT CAST(token_version AS CHAR) FROM users").await, ["1"]);
}
