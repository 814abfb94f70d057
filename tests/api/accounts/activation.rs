use chrono::Duration;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use staka::auth::secret_links::mint_activation;
use uuid::Uuid;

use super::bench::{Answer, Bench, PASSWORD};

const GUEST: &str = "invite@example.com";

async fn mint(bench: &Bench, user_id: Uuid) -> String {
    let mut conn = bench.state.db.conn().await.unwrap();
    let (path, expires_at) = mint_activation(&mut conn, user_id, bench.now()).await.unwrap();
    assert_eq!(expires_at, bench.now() + Duration::hours(48));
    path.strip_prefix("/activation/").unwrap().to_owned()
}

async fn set_password(bench: &Bench, token: &str) -> Answer {
    bench.post(&format!("/public/activate/{token}/set-password"), json!({ "password": PASSWORD })).await
}

async fn resend(bench: &Bench, email: &str) -> Answer {
    bench.post("/public/activate/resend", json!({ "email": email })).await
}

/// The web application then leads to the login.
async fn assert_already_active(bench: &Bench, token: &str) {
    let body = bench.get(&format!("/public/activate/{token}/verify")).await.ok();
    let told = ["valid", "isAlreadyActive", "message"].map(|key| body[key].clone());
    assert_eq!(
        told,
        [json!(true), json!(true), json!("Ce compte est déjà actif : vous pouvez vous connecter.")]
    );
}

#[tokio::test]
async fn a_link_says_whom_it_is_for_and_changes_nothing() {
    let bench = Bench::start().await;
    let token = mint(&bench, bench.guest(GUEST).await).await;
    let expected = json!({
        "message": "Ce lien est valable. Choisissez votre mot de passe.", "valid": true, "isAlreadyActive": false,
        "user": { "prenom": "Léa", "nom": "Martin", "email": GUEST }, "expiresAt": "2026-03-04T10:00:00.000Z",
    });
    for path in [format!("/public/activate/{token}"), format!("/public/activate/{token}/verify")] {
        assert_eq!(bench.get(&path).await.ok(), expected);
        assert_eq!(bench.get(&path).await.ok(), expected);
        let head = bench.request(Method::HEAD, &path).send().await.unwrap();
        assert_eq!(head.status(), 200);
    }
    assert_eq!(bench.texts("SELECT CAST(is_active AS CHAR) FROM users").await, ["0"]);
    assert!(bench.audited().await.is_empty() && bench.mails().await.is_empty());

    bench.run("UPDATE users SET is_active = TRUE", &[]).await;
    assert_already_active(&bench, &token).await;
    set_password(&bench, &token).await.refused(400, "ALREADY_ACTIVE");
}

#[tokio::test]
async fn a_bad_link_is_not_valid() {
    let bench = Bench::start().await;
    let id = bench.guest(GUEST).await;
    let token = mint(&bench, id).await;
    let refused = async |token: &str, status: u16, code: &str| {
        for path in [format!("/public/activate/{token}"), format!("/public/activate/{token}/verify")] {
            let answer = bench.get(&path).await;
            answer.refused(status, code);
            assert_eq!(answer.body["valid"], false);
        }
        set_password(&bench, token).await.refused(status, code);
        bench
            .post("/auth/activate", json!({ "token": token, "password": PASSWORD }))
            .await
            .refused(status, code);
    };
    refused("unknown", 400, "INVALID_TOKEN").await;
    bench.run("UPDATE users SET deactivated_by = 'ADMIN'", &[]).await;
    refused(&token, 400, "ACCOUNT_DISABLED").await;
    bench.run("UPDATE users SET deactivated_by = NULL, deleted_at = '2026-03-02'", &[]).await;
    refused(&token, 404, "NOT_FOUND").await;
    bench.run("UPDATE users SET deleted_at = NULL", &[]).await;
    bench.time.advance(Duration::hours(48));
    refused(&token, 400, "INVALID_TOKEN").await;
    assert_eq!(bench.texts("SELECT password_hash FROM users").await, ["!"]);
}

#[tokio::test]
async fn the_first_password_activates_and_logs_in() {
    let bench = Bench::start().await;
    let id = bench.guest(GUEST).await;
    let (token, other) = (mint(&bench, id).await, mint(&bench, id).await);
    bench.login(GUEST, "!").await.refused(401, "INVALID_CREDENTIALS");
    let weak =
        bench.post(&format!("/public/activate/{token}/set-password"), json!({ "password": "faible" })).await;
    weak.refused_fields(&["password"]);
    bench
        .post("/public/activate/unknown/set-password", json!({ "password": 5 }))
        .await
        .refused_fields(&["password"]);
    bench.post("/auth/activate", json!({ "token": token })).await.refused_fields(&["password"]);
    bench.post("/auth/activate", json!({ "password": PASSWORD })).await.refused_fields(&["token"]);

    bench.time.advance(Duration::hours(48) - Duration::milliseconds(1));
    let body = set_password(&bench, &token).await.ok();
    assert_eq!(
        body,
        json!({
            "message": body["message"], "success": true, "token": body["token"], "redirectUrl": "/app/dashboard",
            "user": {
                "id": id, "prenom": "Léa", "nom": "Martin", "email": GUEST, "role": "USER",
                "password": body["user"]["password"],
            },
        })
    );
    assert_eq!(bench.me(body["token"].as_str().unwrap()).await.ok()["isActive"], true);
    bench.login(GUEST, PASSWORD).await.ok();
    assert_eq!(bench.texts("SELECT CAST(token_version AS CHAR) FROM users").await, ["0"]);
    for used in [&token, &other] {
        set_password(&bench, used).await.refused(400, "ALREADY_ACTIVE");
    }
    for used in [&token, &other] {
        assert_already_active(&bench, used).await;
    }
    bench.run_job("purge_activation_tokens").await;
    assert_already_active(&bench, &token).await;
    bench.run("UPDATE users SET is_active = FALSE", &[]).await;
    bench.get(&format!("/public/activate/{token}/verify")).await.refused(400, "INVALID_TOKEN");
    assert_eq!(bench.mails().await, ["admin-info equipe@example.com", &format!("welcome-user {GUEST}")]);
    assert_eq!(bench.audited().await[1], format!("ACCOUNT_ACTIVATED LOW {GUEST}"));
}

#[tokio::test]
async fn the_user_of_the_answer_logs_in_once_and_at_once() {
    let bench = Bench::start().await;
    let token = mint(&bench, bench.guest(GUEST).await).await;
    bench.registered("zoe@example.com").await;
    // Posted as it is, unknown keys and all.
    let user = set_password(&bench, &token).await.ok()["user"].clone();
    let ticket = user["password"].as_str().unwrap();
    assert!(ticket.len() > 40 && ticket != PASSWORD, "{ticket}");
    assert!(!bench.texts("SELECT ticket_hash FROM login_tickets").await.contains(&ticket.to_owned()));
    bench.login("zoe@example.com", ticket).await.refused(401, "INVALID_CREDENTIALS");
    let body = bench.post("/auth/login", user.clone()).await.ok();
    assert_eq!(bench.me(body["token"].as_str().unwrap()).await.ok()["email"], GUEST);
    bench.post("/auth/login", user).await.refused(401, "INVALID_CREDENTIALS");
    bench.login(GUEST, PASSWORD).await.ok();
    assert_eq!(bench.audited().await.iter().filter(|act| act.starts_with("LOGIN_SUCCESS")).count(), 2);
}

#[tokio::test]
async fn a_ticket_dies_after_a_minute_and_with_the_sessions_of_its_time() {
    let bench = Bench::start().await;
    for (n, closing) in [
        "UPDATE users SET token_version = token_version + 1",
        "UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN'",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("invite{n}@example.com");
        let token = mint(&bench, bench.guest(&email).await).await;
        let user = set_password(&bench, &token).await.ok()["user"].clone();
        match closing {
            "" => bench.time.advance(Duration::seconds(60)),
            closing => bench.run(closing, &[]).await,
        }
        bench.post("/auth/login", user).await.refused(401, "INVALID_CREDENTIALS");
    }
    bench.time.advance(Duration::seconds(1));
    assert_eq!(bench.run_job("purge_login_tickets").await, 3);
}

#[tokio::test]
async fn the_mailed_link_works() {
    let bench = Bench::start().await;
    bench.guest(GUEST).await;
    resend(&bench, GUEST).await.ok();
    let token = bench.mailed("/activation/").await;
    bench.get(&format!("/api/public/activate/{token}/verify")).await.ok();
    set_password(&bench, &token).await.ok();
    bench.login(GUEST, PASSWORD).await.ok();
}

#[tokio::test]
async fn the_guide_s_route_activates_too() {
    let bench = Bench::start().await;
    let token = mint(&bench, bench.guest(GUEST).await).await;
    let body = bench.post("/auth/activate", json!({ "token": token, "password": PASSWORD })).await.ok();
    assert_eq!((&body["success"], &body["redirectUrl"]), (&json!(true), &json!("/app/dashboard")));
}

#[tokio::test]
async fn of_activations_at_once_one_wins() {
    let bench = Bench::start().await;
    let id = bench.guest(GUEST).await;
    let (one, other) = (mint(&bench, id).await, mint(&bench, id).await);
    let answers = join_all([&one, &other, &one, &other].map(|token| set_password(&bench, token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 400)));
    assert_eq!(bench.mails().await.len(), 2);
}

#[tokio::test]
async fn a_new_link_is_mailed_to_who_awaits_one() {
    let bench = Bench::start().await;
    bench.guest(GUEST).await;
    bench.registered("zoe@example.com").await;
    bench.run("DELETE FROM email_outbox", &[]).await;
    let known = resend(&bench, " INVITE@example.com").await.ok();
    for email in ["zoe@example.com", "nobody@example.com", "ïnvite@example.com"] {
        assert_eq!(resend(&bench, email).await.ok(), known);
    }
    assert_eq!(bench.mails().await, [format!("activation-reminder {GUEST}")]);
    let told = bench.texts("SELECT CAST(payload AS CHAR) FROM email_outbox").await;
    // One of the servers writes a blank behind the colon.
    assert!(told[0].contains("Mon roman") && told[0].replace(": ", ":").contains("\"asked\":true"));
    bench.run("UPDATE users SET deactivated_by = 'ADMIN' WHERE is_active = FALSE", &[]).await;
    assert_eq!(resend(&bench, GUEST).await.ok(), known);
    assert_eq!(bench.mails().await.len(), 1);
    resend(&bench, "invite").await.refused_fields(&["email"]);
}

#[tokio::test]
async fn new_links_are_limited_per_address_and_a_mailbox_is_not_flooded() {
    let bench = Bench::start().await;
    bench.guest(GUEST).await;
    for _ in 0..10 {
        resend(&bench, GUEST).await.ok();
    }
    assert_eq!(bench.mails().await.len(), 5);
    resend(&bench, GUEST).await.refused(429, "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn whoever_has_not_followed_the_only_link_is_reminded_once() {
    let bench = Bench::start().await;
    let (dormant, busy) = (bench.guest(GUEST).await, bench.guest("autre@example.com").await);
    let asked_again = bench.guest("encore@example.com").await;
    let token = mint(&bench, busy).await;
    for id in [dormant, asked_again, asked_again] {
        mint(&bench, id).await;
    }
    set_password(&bench, &token).await.ok();
    bench.run("DELETE FROM email_outbox", &[]).await;
    bench.time.advance(Duration::hours(35));
    assert_eq!(bench.run_job("remind_activations").await, 0, "too early");
    bench.time.advance(Duration::hours(2));
    assert_eq!(bench.run_job("remind_activations").await, 1);
    assert_eq!(bench.run_job("remind_activations").await, 1, "the mail still waits, and waits once");
    let link = bench.mailed("/activation/").await;
    assert_eq!(bench.mails().await, [format!("activation-reminder {GUEST}")]);
    assert_eq!(bench.run_job("remind_activations").await, 0, "it has another link now");
    bench.time.advance(Duration::hours(37));
    assert_eq!(bench.run_job("remind_activations").await, 0, "one reminder is enough");
    set_password(&bench, &link).await.ok();
}
