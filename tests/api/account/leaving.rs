//! Closing one's account for a while, and erasing it.

use reqwest::Method;
use serde_json::json;
use staka::auth::Role;
use tokio::task::JoinSet;

use super::{PASSWORD, acts, bare, login, registered, token_of};
use crate::support::{
    answer::send,
    program::run,
    scratch::{self, Scratch},
    server::TestServer,
    stream::EventStream,
};

#[tokio::test]
async fn a_closed_account_is_reopened_by_logging_in() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = registered(&server).await;
    let mut stream = open_stream(&server, &token).await;
    bare(&server, Method::PUT, &token, "/deactivate").await.ok(200);
    ends(&mut stream).await;
    server.get_as(&token, "/api/users/me").await.refused(401, "ACCOUNT_INACTIVE");
    login(&server, "faux").await.refused(401, "INVALID_CREDENTIALS");
    let fresh = token_of(login(&server, PASSWORD).await.ok(200));
    server.get_as(&fresh, "/api/users/me").await.ok(200);
    // What was open before stays closed.
    server.get_as(&token, "/api/users/me").await.refused(401, "TOKEN_INVALID");
    let details = acts(&server, "USER_UPDATED").await;
    assert_eq!(details, [r#"MEDIUM {"action":"account_deactivation","method":"self_service"}"#]);
}

#[tokio::test]
async fn an_erased_account_is_gone_at_once() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = registered(&server).await;
    let mut stream = open_stream(&server, &token).await;
    let erased = bare(&server, Method::DELETE, &token, "").await;
    assert!(erased.ok(200)["message"].is_string());
    ends(&mut stream).await;
    server.get_as(&token, "/api/users/me").await.refused(401, "TOKEN_INVALID");
    bare(&server, Method::DELETE, &token, "").await.refused(401, "TOKEN_INVALID");
    login(&server, PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(
        acts(&server, "USER_DELETED").await,
        [r#"HIGH {"method":"self_deletion","reason":"RGPD_REQUEST"}"#]
    );
    let row = server.row("SELECT actor_email, target_id FROM audit_logs WHERE action = 'USER_DELETED'").await;
    let id = row[1].clone().unwrap();
    assert_eq!(row[0].as_deref(), Some(format!("deleted-{id}@example.invalid").as_str()));
    assert_eq!(server.count("notifications WHERE title = 'Un compte a été supprimé'").await, 1);
    assert_eq!(server.count("notifications WHERE CONCAT(title, message) LIKE '%lea@example.com%'").await, 0);
    // The address is free.
    registered(&server).await;
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let admin = server.admin().await;
    for (method, path) in [(Method::PUT, "/deactivate"), (Method::DELETE, "")] {
        bare(&server, method, &admin.token, path).await.refused(409, "LAST_ADMIN");
    }
    // A closed one is no other.
    let other = server.person("other@example.com", Role::Admin).await;
    bare(&server, Method::PUT, &other.token, "/deactivate").await.ok(200);
    bare(&server, Method::DELETE, &admin.token, "").await.refused(409, "LAST_ADMIN");
}

#[tokio::test]
async fn of_fifty_administrators_who_leave_at_once_one_stays() {
    let server = TestServer::empty().await;
    server.ignore_mails();
    let mut leaving = JoinSet::new();
    for number in 0..50 {
        let admin = server.person(&format!("admin{number}@example.com"), Role::Admin).await;
        let (method, path) = match number % 2 {
            0 => (Method::PUT, "/api/users/me/deactivate"),
            _ => (Method::DELETE, "/api/users/me"),
        };
        leaving.spawn(send(server.request(method, path).bearer_auth(admin.token)));
    }
    let answers = leaving.join_all().await;
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(200), with(409)), (49, 1), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    assert_eq!(
        server.count("users WHERE role = 'ADMIN' AND is_active = TRUE AND deleted_at IS NULL").await,
        1
    );
}

#[tokio::test]
async fn what_a_backup_brings_back_is_erased_again() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = registered(&server).await;
    let id = server.get_as(&token, "/api/users/me").await.body["id"].as_str().unwrap().to_owned();
    bare(&server, Method::DELETE, &token, "").await.ok(200);
    let log = scratch::beside(&server.files);
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(text, format!("2026-03-10T09:00:00.000Z {id}\n"));
    assert_eq!(server.run_job("erasure_log").await, 0, "it is written already");

    // As an older backup has it: the person is there, and nobody knows that they left. The log ends in half a line.
    let back = format!(
        "UPDATE users SET prenom = 'Léa', nom = 'Petit', email = 'lea@example.com', is_active = TRUE, deleted_at = NULL
         WHERE id = UNHEX('{}'); DELETE FROM erasures",
        id.replace('-', "")
    );
    server.execute(&back).await;
    let lines =
        format!("{text}2026-03-10T09:00:00.000Z 00000000-0000-7000-8000-000000000000\n2026-03-10T09:0");
    let copies = Scratch::new();
    let copy = copies.join("copy.log");
    std::fs::write(&copy, &lines).unwrap();
    std::fs::write(&log, &lines).unwrap();
    let vars = [
        ("DATABASE_URL", server.database.url()),
        ("UPLOADS_DIR", server.files.to_str().unwrap()),
        ("ERASURE_LOG", log.to_str().unwrap()),
    ];
    let replay = ["erase", "--replay", copy.to_str().unwrap()];
    let ran = run(&replay, &vars, "").await;
    assert!(ran.success, "{}", ran.stderr);
    assert_eq!(ran.stdout, "1 accounts erased again, 1 had nothing left.\n");
    assert!(ran.stderr.contains("Line 3"), "{}", ran.stderr);
    assert_eq!(server.count("users WHERE email LIKE 'lea%'").await, 0);
    let again = run(&replay, &vars, "").await;
    assert_eq!(again.stdout, "0 accounts erased again, 2 had nothing left.\n");
    let listed = run(&["erase", "--list"], &vars, "").await;
    assert!(
        listed.stdout.ends_with(&format!(" {id}\n")) && listed.stdout.lines().count() == 1,
        "{}",
        listed.stdout
    );
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.starts_with(&format!("{lines}\n")) && text.ends_with(&format!(" {id}\n")), "{text}");

    std::fs::write(&copy, "a list of something else\n").unwrap();
    assert!(!run(&replay, &vars, "").await.success);
    assert!(!run(&["erase"], &vars, "").await.success, "one of the two");
}

async fn open_stream(server: &TestServer, token: &str) -> EventStream {
    let request = server.request(Method::GET, "/api/notifications/stream").bearer_auth(token);
    let mut stream = EventStream::open(request).await;
    assert!(stream.next().await.is_some());
    stream
}

/// The stream ends by itself, long before its next heartbeat.
async fn ends(stream: &mut EventStream) {
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), rest).await.expect("the stream ends");
}

#[tokio::test]
async fn erasing_closes_the_pages_left_unpaid() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let client = server.client().await;
    let order = server.unpaid_order(&client).await;
    let opened = server
        .post_as(&client.token, "/payments/create-checkout-session", &json!({ "commandeId": order }))
        .await;
    let session = opened.ok(200)["sessionId"].as_str().unwrap().to_owned();
    bare(&server, Method::DELETE, &client.token, "").await.ok(200);
    assert_eq!(server.run_job("stripe_closings").await, 1);
    let statut = format!("checkout_sessions WHERE stripe_session_id = '{session}' AND status = 'EXPIRED'");
    assert_eq!(server.count(&statut).await, 1);
}
