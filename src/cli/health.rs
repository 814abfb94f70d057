use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::config::{Vars, listen_address};

/// Longest time the server may take to answer.
const LIMIT: Duration = Duration::from_secs(3);

/// Enough of an answer to read its status line.
const HEAD: u64 = 64;

/// What to ask.
#[derive(Args)]
pub struct Health {
    /// Whether it can serve: migrated and connected to its database
    #[arg(long)]
    ready: bool,
}

/// Asks the server of these settings (`BIND_ADDRESS`, `PORT`) how it is: what containers need to know, whose
/// image holds nothing but this program.
///
/// # Errors
/// When it does not answer 200 within three seconds.
pub async fn run(health: &Health, vars: &Vars) -> anyhow::Result<()> {
    let address = reachable(listen_address(vars)?);
    let path = if health.ready { "/health/ready" } else { "/health/live" };
    let status = timeout(LIMIT, status_line(address, path)).await.context("no answer within 3 seconds")??;
    ensure!(status.split(' ').nth(1) == Some("200"), "{path} answered: {status}");
    println!("ok");
    Ok(())
}

/// A server that listens on every address is reached on the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The first line of the answer, such as `HTTP/1.1 200 OK`.
async fn status_line(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream =
        TcpStream::connect(address).await.with_context(|| format!("nothing listens on {address}"))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    stream.take(HEAD).read_to_end(&mut head).await?;
    let text = String::from_utf8_lossy(&head);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
