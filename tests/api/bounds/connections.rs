//! Connections: how many, of whom, and those who take nothing of what they asked for.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use futures_util::stream;
use staka::server::{Counted, ServerSettings, Shutdown, serve};
use tokio::{net::TcpListener, sync::oneshot};

use super::raw::Raw;
use crate::{
    http::demo::{Demo, Options},
    support::{
        program::Program,
        scratch::Scratch,
        server::{Setup, TestServer},
        settings::variables,
    },
};

fn everybody_is_counted() -> ServerSettings {
    ServerSettings { counted: Counted::by(Some), ..ServerSettings::default() }
}

async fn ask(client: &mut Raw, path: &str) -> u16 {
    client.try_send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    client.answer().await.0
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let server = ServerSettings { max_connections_each: 2, ..everybody_is_counted() };
    let demo = Demo::with(Options { server, ..Options::default() }).await;
    let mut first = Raw::connect(demo.port()).await;
    let mut second = Raw::connect(demo.port()).await;
    assert_eq!((ask(&mut first, "/plain").await, ask(&mut second, "/plain").await), (200, 200));
    assert_eq!(ask(&mut Raw::connect(demo.port()).await, "/plain").await, 0, "turned away");
    assert_eq!(ask(&mut Raw::from("127.0.0.2", demo.port()).await, "/plain").await, 200);
    // One that ends makes room.
    first.try_send("GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(first.answer().await.0, 200);
    assert_eq!(first.answer().await.0, 0, "it is closed");
    assert_eq!(ask(&mut Raw::connect(demo.port()).await, "/plain").await, 200);
}

#[tokio::test]
async fn a_server_without_free_connections_says_that_it_lives() {
    let server = ServerSettings { max_connections: 1, last_connections: 2, ..ServerSettings::default() };
    let extra = Router::new().route("/health/live", get(async || "{}"));
    let demo = Demo::with(Options { server, extra, ..Options::default() }).await;
    let mut held = Raw::connect(demo.port()).await;
    assert_eq!(ask(&mut held, "/plain").await, 200);
    for _ in 0..3 {
        let mut probe = Raw::connect(demo.port()).await;
        assert_eq!(ask(&mut probe, "/health/live").await, 200);
        assert_eq!(ask(&mut probe, "/health/live").await, 0, "one question each");
    }
    let mut late = Raw::connect(demo.port()).await;
    late.send("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n").await;
    late.refused(503, "SERVICE_UNAVAILABLE").await;
}

#[tokio::test]
async fn strangers_find_no_place_among_the_last() {
    let server = ServerSettings { max_connections: 1, ..everybody_is_counted() };
    let demo = Demo::with(Options { server, ..Options::default() }).await;
    let mut held = Raw::connect(demo.port()).await;
    assert_eq!(ask(&mut held, "/plain").await, 200);
    assert_eq!(ask(&mut Raw::from("127.0.0.2", demo.port()).await, "/plain").await, 0);
}

#[tokio::test]
async fn probes_have_places_of_their_own() {
    let bounds = staka::http::Bounds { requests: 0, ..Default::default() };
    let server = Setup::default().bounds(bounds).start().await;
    server.get("/api/tarifs").await.refused(503, "SERVICE_UNAVAILABLE");
    for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
}

/// Tells when it is dropped.
struct Watched(Option<oneshot::Sender<()>>);

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.take().unwrap().send(());
    }
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut() {
    let (sender, dropped) = oneshot::channel();
    let sender = Arc::new(Mutex::new(Some(sender)));
    let endless = async move || {
        let watched = Watched(sender.lock().unwrap().take());
        Body::from_stream(stream::repeat_with(move || {
            let _ = &watched;
            Ok::<_, Infallible>(vec![b'x'; 64 * 1024])
        }))
    };
    let app = Router::new().route("/", get(endless));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = ServerSettings { write_stall: Duration::from_millis(100), ..ServerSettings::default() };
    tokio::spawn(serve(listener, app, settings, Shutdown::new()));
    let mut client = Raw::connect(port).await;
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tokio::time::timeout(Duration::from_secs(20), dropped).await.expect("the answer is given up").unwrap();
}

#[tokio::test]
async fn the_program_says_when_it_may_not_open_enough() {
    let server = TestServer::start().await;
    let files = Scratch::new();
    let port = [("PORT", "0"), ("BIND_ADDRESS", "127.0.0.1"), ("LOG_LEVEL", "info")];
    let vars = variables(server.database.url(), &files, &port);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Program::start_limited(2000, &["serve"], &vars).await;
    let line = program.line("LimitNOFILE").await.expect("it says so");
    assert!(line.contains("allowed=2000") && line.contains("connections=1000"), "{line}");
    assert_eq!(reqwest::get(format!("{}/health/live", program.base)).await.unwrap().status(), 200);
}
