//! `staka health`: what a container asks of the server beside it.

use std::process::Output;

use tokio::{
    net::{TcpListener, TcpSocket},
    process::Command,
};

use crate::support::server::TestServer;

async fn health(port: u16, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_staka"))
        .arg("health")
        .args(arguments)
        .env_clear()
        .env("PORT", port.to_string())
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let server = TestServer::start().await;
    for arguments in [&[][..], &["--ready"]] {
        let asked = health(server.port, arguments).await;
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        assert_eq!(asked.stdout, b"ok\n");
    }
}

#[tokio::test]
async fn a_port_nobody_listens_on_is_a_failure() {
    // Bound, so that nobody else gets it, and never listened on.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let asked = health(port, &[]).await;
    assert_eq!(asked.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&asked.stderr).contains("nothing listens"));
}

#[tokio::test]
async fn a_stranger_on_the_port_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stranger = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut peer, _) = listener.accept().await.unwrap();
        let _ = peer.read(&mut [0; 1024]).await;
        let _ = peer.write_all(b"SSH-2.0-something\r\n").await;
    });
    let asked = health(port, &[]).await;
    assert_eq!(asked.status.code(), Some(1));
    stranger.await.unwrap();
}
