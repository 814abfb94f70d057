//! Bodies that are no uploads.

use std::time::Duration;

use serde_json::json;
use staka::http::Bounds;

use super::raw::Raw;
use crate::support::server::Setup;

const HEADERS: &str = "Content-Type: application/json\r\nContent-Length: 1000\r\n";

#[tokio::test]
async fn bodies_on_their_way_hold_no_place() {
    let server = Setup::default().bounds(Bounds { requests: 1, ..Bounds::default() }).start().await;
    let mut held = Vec::new();
    for path in ["/api/auth/login", "/api/payments/webhook", "/api/public/order", "/api/auth/register"] {
        let mut client = Raw::begin(server.port, path, HEADERS).await;
        client.send("{\"email\": \"").await;
        held.push(client);
    }
    server.get("/api/tarifs").await.ok(200);
    server.post("/api/auth/login", &json!({})).await.refused(400, "VALIDATION_ERROR");
    // Those who wait are served as soon as they are complete.
    let rest = format!("{}\"}}", "x".repeat(1000 - 13));
    held[0].send(rest).await;
    assert_eq!(held[0].answer().await.0, 400);
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_cut() {
    let bounds = Bounds { body_time: Duration::from_millis(150), ..Bounds::default() };
    let server = Setup::default().bounds(bounds).start().await;
    let mut login = Raw::begin(server.port, "/api/auth/login", HEADERS).await;
    let mut webhook = Raw::begin(server.port, "/api/payments/webhook", HEADERS).await;
    for client in [&mut login, &mut webhook] {
        client.send("{").await;
    }
    login.refused(408, "BODY_TOO_SLOW").await;
    let (status, body) = webhook.answer().await;
    assert_eq!((status, &body["code"], &body["received"]), (408, &"BODY_TOO_SLOW".into(), &false.into()));
}

#[tokio::test]
async fn the_memory_of_bodies_is_limited_per_caller_and_in_all() {
    let bounds = Bounds { body_memory: 2000, body_memory_each: 1000, ..Bounds::default() };
    let server = Setup::default().bounds(bounds).start().await;
    let of = |address: u8| format!("{HEADERS}X-Forwarded-For: 203.0.113.{address}\r\n");
    let send = async |address: u8, bytes: usize| {
        let mut client = Raw::begin(server.port, "/api/auth/login", &of(address)).await;
        client.send("x".repeat(bytes)).await;
        client
    };
    let _first = send(1, 800).await;
    send(1, 800).await.refused(503, "SERVICE_UNAVAILABLE").await;
    let _second = send(2, 800).await;
    send(3, 800).await.refused(503, "SERVICE_UNAVAILABLE").await;
}
