use std::time::{Duration as Span, Instant};

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use staka::auth::Role;

use super::bench::{Bench, IP, PASSWORD};

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    let body = bench.login(" ZOE@example.com", PASSWORD).await.ok();
    let keys: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["message", "token", "user"]);
    assert_eq!(body["user"].as_object().unwrap().len(), 13);
    assert_eq!(bench.me(body["token"].as_str().unwrap()).await.ok(), body["user"]);
    assert_eq!(bench.audited().await[1], "LOGIN_SUCCESS LOW zoe@example.com");
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_told_alike() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    let wrong = bench.login("zoe@example.com", "not the password").await;
    let unknown = bench.login("zoé@example.com", PASSWORD).await;
    // The web application compares the sentence.
    let told = wrong.refused(401, "INVALID_CREDENTIALS").body["message"].clone();
    assert_eq!(told, "Identifiants incorrects");
    assert_eq!((wrong.status, wrong.anonymous()), (unknown.status, unknown.anonymous()));
    bench.login("a password in the wrong field", "x").await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(
        bench.audited().await[1..],
        [
            "LOGIN_FAILED MEDIUM zoe@example.com",
            "LOGIN_FAILED LOW zoé@example.com",
            "LOGIN_FAILED LOW unknown"
        ]
    );
}

#[tokio::test]
async fn a_refusal_takes_as_long_whatever_the_account() {
    let bench = Bench::start().await;
    bench.registered("argon2@example.com").await;
    let imported = bcrypt::hash_with_salt(PASSWORD, 4, *b"sixteen bytes ok").unwrap().to_string();
    bench.account("bcrypt@example.com", &imported, Role::User, true).await;
    bench.account("closed@example.com", &imported, Role::User, false).await;
    bench.account("guest@example.com", "!", Role::User, false).await;
    let refusal = Span::from_millis(400);
    bench.state.passwords.refuse_after(refusal);
    for name in ["argon2", "bcrypt", "closed", "guest", "nobody"] {
        let began = Instant::now();
        let answer = bench.login(&format!("{name}@example.com"), "wrong").await;
        answer.refused(401, "INVALID_CREDENTIALS");
        assert!(began.elapsed() >= refusal, "{name}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn others_failures_behind_one_address_do_not_refuse_a_right_password() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    for n in 0..49 {
        bench.login(&format!("invented{}@example.com", n / 5), "wrong").await;
    }
    bench.login("zoe@example.com", PASSWORD).await.ok();
    // The fiftieth failure ends it: for that address, and for an hour.
    bench.login("other@example.com", "wrong").await.refused(401, "INVALID_CREDENTIALS");
    bench.login("zoe@example.com", PASSWORD).await.refused(429, "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn what_holds_a_token_is_kept_nowhere() {
    let bench = Bench::start().await;
    let account = json!({
        "prenom": "Zoé", "nom": "Durand", "email": "zoe@example.com", "password": PASSWORD,
    });
    for (path, status) in [("/auth/register", 201), ("/auth/login", 200), ("/auth/login", 200)] {
        let answer = bench.request(reqwest::Method::POST, path).json(&account).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cache-control"]),
            (status, &"no-store".parse().unwrap()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_imported_hash_opens_and_is_replaced() {
    let bench = Bench::start().await;
    let old = bcrypt::hash_with_salt(PASSWORD, 10, *b"sixteen bytes ok")
        .unwrap()
        .format_for_version(bcrypt::Version::TwoA);
    bench.account("ancien@example.com", &old, Role::User, true).await;
    bench.login("ancien@example.com", "wrong").await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(bench.texts("SELECT password_hash FROM users").await, [old]);
    bench.login("ancien@example.com", PASSWORD).await.ok();
    assert!(bench.texts("SELECT password_hash FROM users").await[0].starts_with("$argon2id$"));
    bench.login("ancien@example.com", PASSWORD).await.ok();
}

#[tokio::test]
async fn what_is_no_hash_is_a_wrong_password() {
    let bench = Bench::start().await;
    for (n, hash) in ["!", "PENDING_ACTIVATION", "$2a$10$short", "$argon2id$v=19$"].into_iter().enumerate() {
        let email = format!("n{n}@example.com");
        bench.account(&email, hash, Role::User, true).await;
        bench.login(&email, hash).await.refused(401, "INVALID_CREDENTIALS");
    }
}

#[tokio::test]
async fn a_closed_account_is_told_so_only_after_the_right_password() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    for by in ["'ADMIN'", "NULL"] {
        match by {
            "NULL" => bench.run("UPDATE users SET is_active = FALSE, deactivated_by = NULL", &[]).await,
            _ => bench.run("UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN'", &[]).await,
        }
        bench.login("zoe@example.com", "wrong").await.refused(401, "INVALID_CREDENTIALS");
        bench.login("zoe@example.com", PASSWORD).await.refused(401, "ACCOUNT_INACTIVE");
    }
    assert_eq!(bench.texts("SELECT CAST(is_active AS CHAR) FROM users").await, ["0"]);
    assert!(bench.audited().await.iter().all(|act| !act.starts_with("LOGIN_SUCCESS")));
}

#[tokio::test]
async fn an_account_closed_by_its_owner_is_reopened() {
    let bench = Bench::start().await;
    let token = bench.registered("zoe@example.com").await;
    bench.run("UPDATE users SET is_active = FALSE, deactivated_by = 'SELF', token_version = 1", &[]).await;
    bench.me(&token).await.refused(401, "ACCOUNT_INACTIVE");
    let body = bench.login("zoe@example.com", PASSWORD).await.ok();
    assert_eq!(body["user"]["isActive"], true);
    bench.me(body["token"].as_str().unwrap()).await.ok();
    bench.me(&token).await.refused(401, "TOKEN_INVALID");
    bench.login("zoe@example.com", PASSWORD).await.ok();
    let told = bench.mails().await;
    assert_eq!(told.iter().filter(|mail| *mail == "system-user zoe@example.com").count(), 1, "{told:?}");
    assert_eq!(
        bench.texts("SELECT CONCAT(is_active, COALESCE(deactivated_by, '-')) FROM users").await,
        ["1-"]
    );
}

#[tokio::test]
async fn a_malformed_request_counts_as_nothing() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    // The account without any password.
    let stray =
        json!({ "id": "x", "prenom": "Zoé", "nom": "Durand", "email": "zoe@example.com", "role": "USER" });
    for _ in 0..7 {
        bench.post("/auth/login", stray.clone()).await.refused_fields(&["password"]);
        bench.login("zoe@example.com", "").await.refused_fields(&["password"]);
        bench.login("", PASSWORD).await.refused_fields(&["email"]);
    }
    bench.post("/auth/login", json!({ "email": 1, "password": "x" })).await.refused_fields(&["email"]);
    bench
        .post("/auth/login", json!({ "email": "zoe@example.com", "password": ["x"] }))
        .await
        .refused_fields(&["password"]);
    bench.login("zoe@example.com", PASSWORD).await.ok();
    assert_eq!(bench.audited().await.len(), 2);
}

#[tokio::test]
async fn the_sixth_attempt_after_five_failures_waits_an_hour() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    bench.registered("max@example.com").await;
    bench.login("zoe@example.com", PASSWORD).await.ok();
    for _ in 0..5 {
        bench.login("zoe@example.com", "wrong").await.refused(401, "INVALID_CREDENTIALS");
    }
    for password in [PASSWORD, "wrong"] {
        let answer = bench.login(" Zoe@Example.com", password).await;
        answer.refused(429, "TOO_MANY_REQUESTS");
        assert_eq!((answer.retry_after.as_deref(), &answer.body["retryAfter"]), (Some("3600"), &json!(3600)));
    }
    let locked = async || {
        bench.audited().await.into_iter().filter(|act| act.starts_with("ACCOUNT_LOCKED")).collect::<Vec<_>>()
    };
    assert_eq!(locked().await, ["ACCOUNT_LOCKED HIGH zoe@example.com"]);

    bench.login("max@example.com", PASSWORD).await.ok();
    let body = json!({ "email": "zoe@example.com", "password": PASSWORD });
    bench.post_from("198.51.100.1", "/auth/login", body).await.ok();
    bench.time.advance(Duration::minutes(59));
    bench.login("zoe@example.com", PASSWORD).await.refused(429, "TOO_MANY_REQUESTS");
    bench.time.advance(Duration::minutes(1));
    bench.login("zoe@example.com", PASSWORD).await.ok();
    for _ in 0..6 {
        bench.login("zoe@example.com", "wrong").await;
    }
    assert_eq!(locked().await.len(), 2, "once per lock-out");
}

#[tokio::test]
async fn guesses_made_at_once_do_not_outnumber_the_limit() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    let guesses = (0..12).map(|n| {
        bench.post("/auth/login", json!({ "email": "zoe@example.com", "password": format!("guess {n}") }))
    });
    let answers = join_all(guesses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 7);
    let acts = bench.audited().await;
    assert_eq!(acts.iter().filter(|act| act.starts_with("ACCOUNT_LOCKED")).count(), 1);
    assert_eq!(acts.iter().filter(|act| act.starts_with("LOGIN_FAILED")).count(), 5);
}

#[tokio::test]
async fn logins_that_succeed_at_once_do_not_refuse_each_other() {
    let bench = Bench::start().await;
    bench.registered("zoe@example.com").await;
    bench.login("zoe@example.com", "wrong").await.refused(401, "INVALID_CREDENTIALS");
    let answers = join_all((0..12).map(|_| bench.login("zoe@example.com", PASSWORD))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
}

#[tokio::test]
async fn failures_over_many_accounts_stop_an_address_and_alarm_nobody() {
    let bench = Bench::with(&[("RATE_LIMIT_LOGIN_IP", "8/3600"), ("RATE_LIMIT_LOGIN", "2/3600")]).await;
    bench.registered("zoe@example.com").await;
    for n in 0..8 {
        bench
            .login(&format!("invented{}@example.com", n / 2), "wrong")
            .await
            .refused(401, "INVALID_CREDENTIALS");
    }
    bench.login("zoe@example.com", PASSWORD).await.refused(429, "TOO_MANY_REQUESTS");
    let body = json!({ "email": "zoe@example.com", "password": PASSWORD });
    bench.post_from("198.51.100.1", "/auth/login", body).await.ok();
    let severities = bench.texts("SELECT DISTINCT severity FROM audit_logs").await;
    assert_eq!(severities, ["LOW"]);
    assert!(bench.texts("SELECT DISTINCT ip_address FROM audit_logs").await.contains(&IP.to_owned()));
}

#[tokio::test]
async fn a_lock_out_rings_for_the_administrators_once_in_ten_minutes() {
    let bench = Bench::with(&[("RATE_LIMIT_LOGIN", "1/60")]).await;
    bench.account("admin@example.com", "!", Role::Admin, true).await;
    for name in ["zoe", "max"] {
        bench.registered(&format!("{name}@example.com")).await;
    }
    let rung = async || {
        bench.texts("SELECT CONCAT(title, '|', message) FROM notifications WHERE title LIKE '%bloqué%' ORDER BY created_at").await
    };
    bench.login("invented@example.com", "wrong").await;
    assert!(rung().await.is_empty(), "an address without an account alarms nobody");
    bench.login("zoe@example.com", "wrong").await;
    bench.login("max@example.com", "wrong").await;
    let first = rung().await;
    assert_eq!(first.len(), 1, "the second one within ten minutes is in the log alone: {first:?}");
    assert!(first[0].contains("(zoe@example.com)"), "{first:?}");
    bench.time.advance(Duration::minutes(10));
    bench.login("max@example.com", "wrong").await;
    assert_eq!(rung().await.len(), 2);
}
