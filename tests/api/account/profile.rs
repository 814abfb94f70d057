//! Profile, password, preferences, counts.

use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, acts, bare, login, put, registered, token_of};
use crate::support::server::TestServer;
use reqwest::Method;

#[tokio::test]
async fn the_profile_is_changed_as_its_page_sends_it() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = registered(&server).await;
    let me = server.get_as(&token, "/api/users/me").await;
    assert_eq!(me.ok(200), server.get_as(&token, "/api/auth/me").await.ok(200));
    assert_eq!(me.body.as_object().unwrap().len(), 13);

    server.advance(chrono::Duration::seconds(1));
    let form = json!({ "prenom": " Léa ", "nom": "Grand", "telephone": "+33 6 01 02 03 04", "adresse": "1 rue du Port\nBrest",
                       "bio": "Romancière", "email": "other@example.com", "role": "ADMIN" });
    let changed = put(&server, &token, "/profile", form).await;
    let user = &changed.ok(200)["user"];
    assert_eq!(user.as_object().unwrap().len(), 11);
    assert_eq!(
        (&user["prenom"], &user["email"], &user["role"]),
        (&json!("Léa"), &json!(EMAIL), &json!("USER"))
    );
    assert_eq!(user["updatedAt"], "2026-03-10T09:00:01.000Z");
    assert_eq!(user["adresse"], "1 rue du Port\nBrest");
    // The other name, and only what is given.
    let partial = put(&server, &token, "", json!({ "telephone": "", "bio": null })).await;
    let user = &partial.ok(200)["user"];
    assert_eq!(
        (&user["telephone"], &user["bio"], &user["nom"]),
        (&Value::Null, &Value::Null, &json!("Grand"))
    );
    put(&server, &token, "/profile", json!({})).await.ok(200);
    assert_eq!(server.get_as(&token, "/api/users/me").await.body["adresse"], "1 rue du Port\nBrest");

    for (body, field) in [
        (json!({ "prenom": "" }), "prenom"),
        (json!({ "prenom": null }), "prenom"),
        (json!({ "nom": 5 }), "nom"),
        (json!({ "nom": "a".repeat(101) }), "nom"),
        (json!({ "telephone": "1".repeat(21) }), "telephone"),
        (json!({ "adresse": "é".repeat(1_001) }), "adresse"),
        (json!({ "bio": "é".repeat(10_001) }), "bio"),
    ] {
        put(&server, &token, "/profile", body).await.refused_fields(&[field]);
    }
    let details = acts(&server, "USER_UPDATED").await;
    assert_eq!(details.len(), 2, "{details:?}");
    assert!(details[1].starts_with("LOW ") && details[1].contains(r#"["telephone","bio"]"#), "{details:?}");
}

#[tokio::test]
async fn a_password_is_replaced_by_who_knows_it_and_ends_every_session() {
    let server = TestServer::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    server.ignore_mails();
    let token = registered(&server).await;
    let new = "Des-Roses-2026";
    let change = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
    server.work().await;
    server.post("/api/auth/request-password-reset", &json!({ "email": EMAIL })).await.ok(200);
    let reset = server.mailed("token=").await;

    put(&server, &token, "/password", json!({ "newPassword": new }))
        .await
        .refused_fields(&["currentPassword"]);
    put(&server, &token, "/password", change(PASSWORD, "court")).await.refused_fields(&["newPassword"]);
    put(&server, &token, "/password", change("faux", new)).await.refused(400, "WRONG_PASSWORD");
    let changed = put(&server, &token, "/password", change(PASSWORD, new)).await;
    let fresh = token_of(changed.ok(200));
    server.get_as(&token, "/api/users/me").await.refused(401, "TOKEN_INVALID");
    server.get_as(&fresh, "/api/users/me").await.ok(200);
    login(&server, PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    login(&server, new).await.ok(200);
    // A link mailed before opens nothing any more.
    let late = json!({ "token": reset, "newPassword": "Autre-Roses-2026" });
    server.post("/api/auth/reset-password", &late).await.refused(400, "INVALID_TOKEN");
    assert_eq!(acts(&server, "PASSWORD_CHANGE").await, [r#"MEDIUM {"method":"self_service"}"#]);
    assert_eq!(server.count("notifications WHERE title = 'Votre mot de passe a été changé'").await, 1);

    // The first wrong one counted; right ones never do.
    for _ in 0..4 {
        put(&server, &fresh, "/password", change("faux", new)).await.refused(400, "WRONG_PASSWORD");
    }
    put(&server, &fresh, "/password", change(new, PASSWORD)).await.refused(429, "TOO_MANY_REQUESTS");
    server.advance(chrono::Duration::hours(1));
    put(&server, &fresh, "/password", change(new, PASSWORD)).await.ok(200);
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = registered(&server).await;
    let change = |new: &str| json!({ "currentPassword": PASSWORD, "newPassword": new });
    let (one, other) = tokio::join!(
        put(&server, &token, "/password", change("Des-Roses-2026")),
        put(&server, &token, "/password", change("Des-Lilas-2026"))
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert!(matches!(statuses, [200, 400 | 401]), "{statuses:?}");
    assert_eq!(acts(&server, "PASSWORD_CHANGE").await.len(), 1);
}

#[tokio::test]
async fn preferences_are_always_complete() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let path = "/api/users/me/preferences";
    let all = json!({
        "notifications": {"email": true, "push": true, "sms": false},
        "notificationTypes": {"projects": true, "messages": true, "invoices": true, "promos": false},
        "privacy": {"publicProfile": false, "analytics": true},
    });
    assert_eq!(server.get_as(&client.token, path).await.ok(200), &all);

    let changed = put(
        &server,
        &client.token,
        "/preferences",
        json!({ "notifications": {"email": false}, "theme": "dark" }),
    )
    .await;
    let mut expected = all.clone();
    expected["notifications"]["email"] = json!(false);
    expected["updatedAt"] = json!("2026-03-10T09:00:00.000Z");
    assert_eq!(changed.ok(200)["preferences"], expected);
    assert_eq!(server.get_as(&client.token, path).await.ok(200), &expected);
    for body in [
        json!({ "privacy": true }),
        json!({ "privacy": {"analytics": "yes"} }),
        json!({ "privacy": [true, true] }),
        json!([]),
        json!([null, null, null, false]),
    ] {
        put(&server, &client.token, "/preferences", body).await.refused(400, "VALIDATION_ERROR");
    }
    // What refuses mails is what stops them.
    let order = json!({ "titre": "Un roman" });
    server.post_as(&client.token, "/api/commandes", &order).await.ok(201);
    assert!(
        server.queued().await.iter().all(|mail| !mail.contains(&client.email)),
        "{:?}",
        server.queued().await
    );
    let details = acts(&server, "USER_UPDATED").await;
    assert_eq!(details.len(), 1, "{details:?}");
    assert!(details[0].contains("preferences_update"), "{details:?}");
}

#[tokio::test]
async fn the_profile_page_counts_orders() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let stats = async || bare(&server, Method::GET, &client.token, "/stats").await.ok(200).clone();
    let none = json!({ "totalProjects": 0, "completedProjects": 0, "averageRating": 0, "isVip": false });
    assert_eq!(stats().await, none);
    for number in 0..12 {
        let statut = if number < 9 { "TERMINE" } else { "EN_COURS" };
        server.commande(&client, "Un roman", statut).await;
    }
    server.commande(&server.other_client().await, "Pas à moi", "TERMINE").await;
    let some = json!({ "totalProjects": 12, "completedProjects": 9, "averageRating": 0, "isVip": false });
    assert_eq!(stats().await, some);
    server.commande(&client, "Le dixième", "TERMINE").await;
    assert_eq!(stats().await["isVip"], true);
}

#[tokio::test]
async fn reads_take_one_statement() {
    let server = TestServer::counted().await;
    let client = server.client().await;
    for path in ["/api/users/me", "/api/users/me/preferences", "/api/users/me/stats"] {
        server
            .assert_statements(1, server.request(Method::GET, path).bearer_auth(&client.token))
            .await
            .ok(200);
    }
}
