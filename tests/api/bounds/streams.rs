//! Open streams of notifications.

use std::time::Duration;

use reqwest::Method;
use staka::{auth::Role, clock::new_id, events::Hint, http::Bounds};

use crate::support::{
    server::{ADMIN, CLIENT, CORRECTOR, Setup, TestServer},
    stream::EventStream,
};

const STREAM: &str = "/api/notifications/stream";

async fn server(bounds: Bounds) -> TestServer {
    Setup::default().bounds(bounds).start().await
}

async fn open(server: &TestServer, token: &str) -> EventStream {
    let mut stream = EventStream::open(server.request(Method::GET, STREAM).bearer_auth(token)).await;
    assert_eq!(stream.next().await.as_deref(), Some("event: unread-count\ndata: {\"count\":0}"));
    stream
}

/// A row of another server's, which this one is not told of.
async fn written_elsewhere(server: &TestServer, email: &str) {
    let now = server.state.clock.now();
    sqlx::query(
        "INSERT INTO notifications (id, user_id, title, message, created_at, updated_at)
         SELECT ?, id, 'D’ailleurs', 'Un essai.', ?, ? FROM users WHERE email = ?",
    )
    .bind(new_id())
    .bind(now)
    .bind(now)
    .bind(email)
    .execute(server.state.db.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn the_sixth_stream_of_a_user_ends_the_first() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let mut first = open(&server, &token).await;
    let mut second = open(&server, &token).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(open(&server, &token).await);
    }
    // It is told not to come back at once: two pages would push each other out for ever.
    assert_eq!(first.next().await.as_deref(), Some("retry: 300000"));
    assert_eq!(first.next().await, None);
    written_elsewhere(&server, CLIENT.0).await;
    let client = server.person(CLIENT.0, Role::User).await;
    server.state.bus.send(Hint::Notifications(client.id));
    assert!(second.news().await.unwrap().contains("D’ailleurs"));
}

#[tokio::test]
async fn streams_are_limited_in_all() {
    let server = server(Bounds { streams: 1, ..Bounds::default() }).await;
    let _held = open(&server, &server.login(CLIENT).await).await;
    let answer = server.get_as(&server.login(CORRECTOR).await, STREAM).await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_stream_passes_through_proxies_at_once() {
    let server = TestServer::start().await;
    let answer = server.get_as(&server.login(CLIENT).await, STREAM).await;
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
}

#[tokio::test]
async fn a_hint_wakes_the_streams_of_its_user_alone() {
    let server = TestServer::counted().await;
    let mut client = open(&server, &server.login(CLIENT).await).await;
    let mut admin = open(&server, &server.login(ADMIN).await).await;
    let ids = [server.person(CLIENT.0, Role::User).await.id, server.person(ADMIN.0, Role::Admin).await.id];
    let asked = server.statements_during(async {
        for _ in 0..4 {
            written_elsewhere(&server, ADMIN.0).await;
            for other in [Hint::Outbox, Hint::Invoices, Hint::Notifications(new_id())] {
                server.state.bus.send(other);
            }
            server.state.bus.send(Hint::Notifications(ids[1]));
            // The notification, and how many are unread.
            assert!(admin.news().await.unwrap().contains("D’ailleurs"));
            admin.news().await.unwrap();
        }
        written_elsewhere(&server, CLIENT.0).await;
        server.state.bus.send(Hint::Notifications(ids[0]));
        assert!(client.news().await.unwrap().contains("D’ailleurs"));
    });
    let looks =
        asked.await.into_iter().filter(|sql| sql.starts_with("SELECT") && sql.contains("FROM notifications"));
    // Whether there is something, what has no number yet, and what is new: once for each piece of news.
    assert_eq!(looks.count(), 3 * 5);
}

#[tokio::test]
async fn a_heartbeat_finds_what_another_server_wrote() {
    let server = server(Bounds { stream_heartbeat: Duration::from_millis(50), ..Bounds::default() }).await;
    let mut stream = open(&server, &server.login(CLIENT).await).await;
    assert_eq!(stream.next().await.as_deref(), Some(": "));
    written_elsewhere(&server, CLIENT.0).await;
    assert!(stream.news().await.unwrap().contains("D’ailleurs"));
    assert_eq!(stream.news().await.as_deref(), Some("event: unread-count\ndata: {\"count\":1}"));
}

#[tokio::test]
async fn a_session_that_ends_takes_its_stream_along() {
    let server = server(Bounds { stream_heartbeat: Duration::from_millis(50), ..Bounds::default() }).await;
    let mut client = open(&server, &server.login(CLIENT).await).await;
    let mut admin = open(&server, &server.login(ADMIN).await).await;
    sqlx::query("UPDATE users SET token_version = token_version + 1 WHERE email = ?")
        .bind(CLIENT.0)
        .execute(server.state.db.pool())
        .await
        .unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), client.news()).await;
    assert_eq!(ended.expect("it ends"), None);
    assert_eq!(admin.next().await.as_deref(), Some(": "));
}
