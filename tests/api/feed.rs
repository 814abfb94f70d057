//! Streams of notifications and readers who come back: nothing is lost, nothing comes twice, whatever the order in which
//! transactions commit and whichever server is asked.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sqlx::{Executor, MySqlConnection};
use staka::{clock::new_id, events::Hint, http::Bounds};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    bounds::raw::Raw,
    support::{
        server::{Person, Setup, TestServer},
        stream::EventStream,
    },
};

const STREAM: &str = "/api/notifications/stream";

fn asking(server: &TestServer, person: &Person, last_id: &str) -> RequestBuilder {
    let request = server.request(Method::GET, STREAM).bearer_auth(&person.token);
    if last_id.is_empty() { request } else { request.header("last-event-id", last_id) }
}

async fn open(server: &TestServer, person: &Person, last_id: &str) -> EventStream {
    EventStream::open(asking(server, person, last_id)).await
}

/// Writes a notification of this title, to be seen when the transaction commits.
async fn write(conn: &mut MySqlConnection, person: &Person, title: &str) -> Uuid {
    let id = new_id();
    sqlx::query(
        "INSERT INTO notifications (id, user_id, title, message, created_at, updated_at)
         VALUES (?, ?, ?, 'Un essai.', '2026-03-10 09:00:00', '2026-03-10 09:00:00')",
    )
    .bind(id)
    .bind(person.id)
    .bind(title)
    .execute(conn)
    .await
    .unwrap();
    id
}

async fn written(server: &TestServer, person: &Person, title: &str) {
    write(&mut server.state.db.conn().await.unwrap(), person, title).await;
    server.state.bus.send(Hint::Notifications(person.id));
}

/// The kind of an event, with the title of a notification or the count of unread ones.
fn told(event: &str) -> String {
    let (kind, data) = event.split_once("\ndata: ").unwrap_or((event, "{}"));
    let data: Value = serde_json::from_str(data).unwrap();
    let what = data["title"].as_str().map_or_else(|| data["count"].to_string(), str::to_owned);
    format!("{} {what}", kind.trim_start_matches("event: "))
}

async fn next(stream: &mut EventStream) -> String {
    let event = timeout(Duration::from_secs(20), stream.news()).await.expect("something is told");
    told(&event.expect("the stream goes on"))
}

/// The next so many.
async fn take(stream: &mut EventStream, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(next(stream).await);
    }
    all
}

#[tokio::test]
async fn a_reader_who_comes_back_is_told_what_followed() {
    let server = TestServer::start().await;
    let client = server.client().await;
    written(&server, &client, "avant").await;
    let mut stream = open(&server, &client, "").await;
    assert_eq!(next(&mut stream).await, "unread-count 1", "what was there is in the list");
    let begun = stream.last_id.clone();
    drop(stream);
    for title in ["un", "deux", "trois"] {
        written(&server, &client, title).await;
    }
    let mut stream = open(&server, &client, &begun).await;
    let all = ["notification un", "notification deux", "notification trois", "unread-count 4"];
    assert_eq!(take(&mut stream, 2).await, all[..2]);
    let half_way = stream.last_id.clone();
    assert_eq!(take(&mut stream, 2).await, all[2..]);
    // Cut off in the middle of what was told at once.
    let mut again = open(&server, &client, &half_way).await;
    assert_eq!(take(&mut again, 2).await, all[2..]);
    let mut whole = open(&server, &client, &again.last_id).await;
    assert_eq!(next(&mut whole).await, "unread-count 4");
    // One that was deleted meanwhile is told to nobody.
    server.execute("UPDATE notifications SET is_deleted = TRUE WHERE title = 'deux'").await;
    let mut late = open(&server, &client, &begun).await;
    assert_eq!(take(&mut late, 3).await, ["notification un", "notification trois", "unread-count 3"]);
}

#[tokio::test]
async fn what_was_written_first_and_is_seen_last_is_told_last() {
    let first = TestServer::start().await;
    let second = Setup::default().beside(&first).start().await;
    let client = first.client().await;
    let mut stream = open(&first, &client, "").await;
    assert_eq!(next(&mut stream).await, "unread-count 0");
    let mut slow = first.state.db.begin().await.unwrap();
    let early = write(&mut slow, &client, "tôt").await;
    written(&first, &client, "tard").await;
    assert_eq!(take(&mut stream, 2).await, ["notification tard", "unread-count 1"]);
    let (last_id, reader) = (stream.last_id.clone(), client.clone());
    assert!(last_id > early.to_string(), "the reader is past the one that is not there yet");
    first.stop();
    while stream.next().await.is_some() {}
    slow.commit().await.unwrap();
    let mut elsewhere = open(&second, &reader, &last_id).await;
    assert_eq!(take(&mut elsewhere, 2).await, ["notification tôt", "unread-count 2"]);
    let mut again = open(&second, &reader, &elsewhere.last_id).await;
    assert_eq!(next(&mut again).await, "unread-count 2");
}

#[tokio::test]
async fn what_was_there_before_is_never_told_as_new() {
    let server = TestServer::start().await;
    let client = server.client().await;
    // More than one wave takes, in powers of two.
    written(&server, &client, "ancien").await;
    for _ in 0..11 {
        server
            .execute(
                "INSERT INTO notifications (id, user_id, title, message, created_at, updated_at)
                 SELECT UNHEX(REPLACE(UUID(), '-', '')), user_id, title, message, created_at, updated_at FROM notifications",
            )
            .await;
    }
    let mut stream = open(&server, &client, "").await;
    assert_eq!(next(&mut stream).await, "unread-count 2048");
    written(&server, &client, "nouveau").await;
    assert_eq!(take(&mut stream, 2).await, ["notification nouveau", "unread-count 2049"]);
}

#[tokio::test]
async fn too_much_to_tell_again_is_left_to_the_list() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let mut stream = open(&server, &client, "").await;
    next(&mut stream).await;
    let begun = stream.last_id.clone();
    drop(stream);
    let mut conn = server.state.db.conn().await.unwrap();
    for number in 1..=100 {
        write(&mut conn, &client, &number.to_string()).await;
    }
    let mut stream = open(&server, &client, &begun).await;
    let told = take(&mut stream, 101).await;
    let notifications: Vec<_> = told.iter().filter_map(|told| told.strip_prefix("notification ")).collect();
    let expected: Vec<_> = (1..=100).map(|number: u32| number.to_string()).collect();
    assert_eq!(notifications, expected, "and the count once");
    write(&mut conn, &client, "101").await;
    for strange in [begun.as_str(), "hier", "99.ffffffffffffffffffffffffffffffff", "1.x"] {
        let mut stream = open(&server, &client, strange).await;
        assert_eq!(next(&mut stream).await, "resync null", "{strange}");
        assert_eq!(next(&mut stream).await, "unread-count 101");
        let mut again = open(&server, &client, &stream.last_id).await;
        assert_eq!(next(&mut again).await, "unread-count 101", "once");
    }
}

/// Writers commit in any order on two servers, a reader goes from one to the other every few events.
#[tokio::test]
async fn whoever_hops_between_servers_is_told_everything_once() {
    const WRITERS: usize = 4;
    const EACH: usize = 12;
    let often = Bounds { stream_heartbeat: Duration::from_millis(20), ..Bounds::default() };
    let first = Setup::default().bounds(often.clone()).start().await;
    let second = Setup::default().bounds(often).beside(&first).start().await;
    let servers = [&first, &second];
    let client = first.client().await;
    let mut stream = open(&first, &client, "").await;
    assert_eq!(next(&mut stream).await, "unread-count 0");
    let writing = async {
        let writers = (0..WRITERS).map(|writer| {
            let (server, client) = (servers[writer % 2], client.clone());
            async move {
                for number in 0..EACH {
                    let mut slow = server.state.db.begin().await.unwrap();
                    write(&mut slow, &client, &format!("{writer}.{number}")).await;
                    // Others write and commit meanwhile.
                    slow.execute("SELECT SLEEP(0.003)").await.unwrap();
                    slow.commit().await.unwrap();
                    if number % 2 == 0 {
                        server.state.bus.send(Hint::Notifications(client.id));
                    }
                }
            }
        });
        futures_util::future::join_all(writers).await;
    };
    let reading = async {
        let mut seen = BTreeMap::<String, usize>::new();
        let mut hops = 0;
        while seen.len() < WRITERS * EACH {
            for _ in 0..5 {
                if let Some(title) = next(&mut stream).await.strip_prefix("notification ") {
                    *seen.entry(title.to_owned()).or_default() += 1;
                }
                if seen.len() == WRITERS * EACH {
                    break;
                }
            }
            hops += 1;
            stream = open(servers[hops % 2], &client, &stream.last_id).await;
        }
        let rest = next(&mut stream).await;
        assert_eq!(rest, format!("unread-count {}", WRITERS * EACH));
        seen
    };
    let ((), seen) = tokio::join!(writing, reading);
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test]
async fn a_look_that_finds_nothing_is_one_statement() {
    let server = TestServer::counted().await;
    let client = server.client().await;
    server.statements_of(asking(&server, &client, "")).await;
    let look = server.statements_of(asking(&server, &client, "")).await;
    assert_eq!(look.executed.len(), 1, "{:#?}", look.executed);
    assert!(look.prepared.is_empty(), "{:#?}", look.prepared);
}

async fn text_until(client: &mut Raw, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        match timeout(Duration::from_secs(20), client.byte()).await.expect("more comes") {
            Some(byte) => text.push(char::from(byte)),
            None => panic!("it ended with {text:?}"),
        }
    }
    text
}

#[tokio::test]
async fn a_stream_has_the_head_and_the_end_of_any_answer() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let request = |verb: &str, version: &str| {
        format!("{verb} {STREAM} HTTP/{version}\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", client.token)
    };
    let mut modern = Raw::connect(server.port).await;
    modern.send(request("GET", "1.1")).await;
    let head = text_until(&mut modern, "\r\n\r\n").await.to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    for line in [
        "content-type: text/event-stream",
        "transfer-encoding: chunked",
        "connection: close",
        "date: ",
        "x-request-id: ",
        "cache-control: no-cache",
    ] {
        assert!(head.contains(&format!("\r\n{line}")), "{line}: {head}");
    }
    let first = text_until(&mut modern, "\n\n\r\n").await;
    let (length, event) = first.split_once("\r\n").unwrap();
    assert_eq!(usize::from_str_radix(length, 16).unwrap(), event.len() - 2);
    // What is said meanwhile is not heard, and answered by nothing.
    modern.send("GET /api/tarifs HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut old = Raw::connect(server.port).await;
    old.send(request("GET", "1.0")).await;
    let head = text_until(&mut old, "\r\n\r\n").await.to_lowercase();
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(text_until(&mut old, "\n\n").await.starts_with("event: unread-count\n"));
    // One that asks for the head alone keeps its connection.
    let mut curious = Raw::connect(server.port).await;
    curious.send(request("HEAD", "1.1")).await;
    let head = text_until(&mut curious, "\r\n\r\n").await.to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n") && !head.contains("connection: close"), "{head}");
    curious.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(curious.answer().await.0, 200);
    server.stop();
    assert_eq!(text_until(&mut modern, "0\r\n\r\n").await, "0\r\n\r\n");
    assert_eq!((modern.byte().await, old.byte().await), (None, None));
}

#[tokio::test]
async fn a_client_that_leaves_makes_room_at_once() {
    let server = Setup::default().bounds(Bounds { streams: 1, ..Bounds::default() }).start().await;
    let (client, other) = (server.client().await, server.other_client().await);
    let mut stream = open(&server, &client, "").await;
    assert_eq!(next(&mut stream).await, "unread-count 0");
    assert_eq!(asking(&server, &other, "").send().await.unwrap().status(), 503);
    drop(stream);
    let room = async {
        while asking(&server, &other, "").send().await.unwrap().status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), room).await.expect("its place is free");
}
