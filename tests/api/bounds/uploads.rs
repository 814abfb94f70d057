//! Forms: their headers, their pace, their places.

use std::time::Duration;

use reqwest::Method;
use staka::http::Bounds;

use super::raw::Raw;
use crate::support::server::{Setup, TestServer, send};

const ORDER: &str = "/api/public/order";

/// A form that ends well, and is refused for its fields.
const EMPTY_FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"prenom\"\r\n\r\nZoé\r\n--b--\r\n";

async fn server(bounds: Bounds) -> TestServer {
    Setup::default().bounds(bounds).start().await
}

#[tokio::test]
async fn an_upload_holds_no_place_of_other_requests() {
    let server = server(Bounds { requests: 1, ..Bounds::default() }).await;
    let _held = [Raw::upload(server.port, ORDER, "").await, Raw::upload(server.port, ORDER, "").await];
    server.get("/api/tarifs").await.ok(200);
}

#[tokio::test]
async fn uploads_are_limited_per_caller_and_in_all() {
    let server = server(Bounds { uploads: 3, uploads_each: 2, ..Bounds::default() }).await;
    let of = |address: u8| format!("X-Forwarded-For: 203.0.113.{address}\r\n");
    let mut first = Raw::upload(server.port, ORDER, &of(1)).await;
    let _second = Raw::upload(server.port, ORDER, &of(1)).await;
    let ask = async |address: u8| {
        let mut client = Raw::connect(server.port).await;
        let head = format!(
            "POST {ORDER} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n{}\r\n{EMPTY_FORM}",
            EMPTY_FORM.len(),
            of(address)
        );
        client.send(head).await;
        client.answer().await
    };
    let (status, body) = ask(1).await;
    assert_eq!((status, &body["code"]), (503, &"TOO_MANY_UPLOADS".into()), "{body}");
    // Another caller still finds a place, and gives it back.
    for _ in 0..2 {
        let (status, body) = ask(2).await;
        assert_eq!((status, &body["code"]), (400, &"VALIDATION_ERROR".into()), "{body}");
    }
    let _third = Raw::upload(server.port, ORDER, &of(2)).await;
    let (status, body) = ask(3).await;
    assert_eq!((status, &body["code"]), (503, &"SERVICE_UNAVAILABLE".into()), "{body}");
    // One that ended makes room.
    first.send(EMPTY_FORM).await;
    first.send(" ".repeat(1_000_000 - EMPTY_FORM.len())).await;
    first.refused(400, "VALIDATION_ERROR").await;
    let (status, body) = ask(3).await;
    assert_eq!((status, &body["code"]), (400, &"VALIDATION_ERROR".into()), "{body}");
}

#[tokio::test]
async fn the_number_of_uploads_is_a_setting() {
    let server = TestServer::with(&[("MAX_UPLOADS", "1")]).await;
    let _held = Raw::upload(server.port, ORDER, "X-Forwarded-For: 203.0.113.1\r\n").await;
    let mut other = Raw::connect(server.port).await;
    other
        .send(format!("POST {ORDER} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9\r\n\r\n"))
        .await;
    other.refused(503, "SERVICE_UNAVAILABLE").await;
}

#[tokio::test]
async fn an_upload_that_hardly_moves_is_cut() {
    let bounds = Bounds { upload_pace: Duration::from_millis(300), upload_step: 4096, ..Bounds::default() };
    let server = server(bounds).await;
    let mut silent = Raw::upload(server.port, ORDER, "").await;
    silent.send("--b\r\nContent-Disposition: form-data; name=\"titre\"\r\n\r\nMon").await;
    silent.refused(408, "UPLOAD_STALLED").await;
    // Never silent for long, and too slow all the same.
    let mut slow = Raw::upload(server.port, ORDER, "").await;
    slow.send("--b\r\nContent-Disposition: form-data; name=\"titre\"\r\n\r\n").await;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let trickle = async {
        for _ in 0..50 {
            ticks.tick().await;
            if !slow.try_send("x".repeat(100)).await {
                break;
            }
        }
    };
    trickle.await;
    slow.refused(408, "UPLOAD_STALLED").await;
}

#[tokio::test]
async fn headers_without_end_are_refused_where_the_bound_is() {
    let server = TestServer::start().await;
    for beginning in ["--b\r\nContent-Disposition: form-data; name=\"", "", "--b\r\nX-A: b\r\nX-B: "] {
        let mut client = Raw::upload(server.port, ORDER, "").await;
        client.send(beginning).await;
        client.try_send("a".repeat(64 * 1024)).await;
        client.refused(400, "INVALID_MULTIPART").await;
    }
}

#[tokio::test]
async fn a_form_that_says_it_is_too_large_is_refused_at_once() {
    let server = TestServer::start().await;
    let mut client = Raw::connect(server.port).await;
    let head = format!(
        "POST {ORDER} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        (501_u64 << 20) + 1
    );
    client.send(head).await;
    client.refused(413, "PAYLOAD_TOO_LARGE").await;
}

#[tokio::test]
async fn an_order_of_a_type_nobody_takes_is_told_so() {
    let server = TestServer::start().await;
    for declared in ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=b"] {
        let request = server.request(Method::POST, ORDER).header("content-type", declared);
        let answer = send(request.body("titre=x")).await;
        answer.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
}

#[tokio::test]
async fn the_budget_of_guests_is_taken_before_their_form_is_read() {
    let settings = [("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GUEST_ORDER", "2/3600")];
    let server = TestServer::with(&settings).await;
    let ask = async |body: &'static str| {
        let kind = "multipart/form-data; boundary=b";
        let request = server.request(Method::POST, ORDER).header("content-type", kind);
        send(request.body(body)).await
    };
    // A form to be corrected costs nothing; one that nobody can read does.
    for _ in 0..3 {
        ask(EMPTY_FORM).await.refused(400, "VALIDATION_ERROR");
    }
    ask("--b\r\nContent").await.refused(400, "INVALID_MULTIPART");
    let _held = Raw::upload(server.port, ORDER, "").await;
    ask(EMPTY_FORM).await.refused(429, "TOO_MANY_REQUESTS");
}
