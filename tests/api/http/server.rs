//! The listener and the end of the program.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use staka::http::read_body;
use staka::server::{ServerSettings, Shutdown, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::demo::{Demo, Options};

#[tokio::test]
async fn a_shutdown_finishes_the_running_request_and_accepts_no_other() {
    let demo = Demo::start().await;
    let held = tokio::spawn(demo.get("/gate").send());
    demo.gate.entered.notified().await;
    demo.shutdown.stop();
    demo.gate.open.notify_one();
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    demo.serving.await.unwrap().unwrap();
    let address = demo.base.trim_start_matches("http://");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_a_shutdown_up() {
    let demo = Demo::start().await;
    demo.json(demo.get("/plain")).await;
    demo.shutdown.stop();
    demo.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_second_signal_gives_up_at_once() {
    let demo = Demo::start().await;
    let held = tokio::spawn(demo.get("/gate").send());
    demo.gate.entered.notified().await;
    demo.shutdown.abort();
    assert!(demo.serving.await.unwrap().is_err());
    assert!(held.await.unwrap().is_err());
}

#[tokio::test]
async fn the_drain_ends_at_its_deadline() {
    let demo = Demo::with(Options {
        server: ServerSettings { drain: Duration::from_millis(50), ..ServerSettings::default() },
        ..Options::default()
    })
    .await;
    let held = tokio::spawn(demo.get("/gate").send());
    demo.gate.entered.notified().await;
    demo.shutdown.stop();
    assert!(demo.serving.await.unwrap().is_err());
    assert!(held.await.unwrap().is_err());
}

#[tokio::test]
async fn background_tasks_are_told_and_waited_for() {
    let demo = Demo::start().await;
    let stop = demo.shutdown.stopping();
    let (done, finished) = tokio::sync::oneshot::channel();
    demo.shutdown.spawn("worker", async move {
        stop.cancelled().await;
        tokio::task::yield_now().await;
        let _ = done.send(());
        Ok(())
    });
    demo.shutdown.stop();
    demo.serving.await.unwrap().unwrap();
    finished.await.unwrap();
}

#[tokio::test]
async fn a_background_task_that_ends_or_crashes_ends_the_program_with_an_error() {
    let early = Demo::start().await;
    early.shutdown.spawn("worker", async { Ok(()) });
    assert!(early.serving.await.unwrap().unwrap_err().to_string().contains("worker"));
    let failed = Demo::start().await;
    failed.shutdown.spawn("worker", async { anyhow::bail!("lost") });
    assert!(failed.serving.await.unwrap().unwrap_err().to_string().contains("lost"));
    let crashed = Demo::start().await;
    crashed.shutdown.spawn("worker", async { panic!("boom") });
    assert!(crashed.serving.await.unwrap().unwrap_err().to_string().contains("crashed"));
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_let_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ServerSettings { header_timeout: Duration::from_millis(50), ..ServerSettings::default() };
    let app = Router::new().route("/", get(async || "hi"));
    tokio::spawn(serve(listener, app, settings, Shutdown::new()));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_stalls_in_its_body_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ServerSettings { body_stall: Duration::from_millis(50), ..ServerSettings::default() };
    let app = Router::new().route("/", post(async |body: Body| read_body(body, 100).await.map(|_| ())));
    tokio::spawn(serve(listener, app, settings, Shutdown::new()));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await.unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let demo = Demo::start().await;
    let address = demo.base.trim_start_matches("http://");
    let client = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = client.into_split();
    let size = 8 << 20;
    let head =
        format!("POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n");
    writer.write_all(head.as_bytes()).await.unwrap();
    writer.write_all(&vec![b'x'; size]).await.unwrap();
    let mut answer = String::new();
    reader.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("NOT_FOUND"), "{answer}");
}
