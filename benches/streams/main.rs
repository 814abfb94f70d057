//! Ten thousand open streams of notifications: what one of them weighs, and how soon each is told.
//!
//! `cargo bench --bench streams` needs a MariaDB or MySQL server binary on the PATH, Linux, and some 21 000 descriptors.
//! The server runs as a process of its own, so that its memory is its own; it is measured before, while they are open,
//! and after they left.

#![allow(clippy::print_stdout, reason = "a bench tells what it measured")]
#![allow(missing_docs, reason = "of a program")]

#[allow(dead_code, reason = "shared with other benches")]
#[path = "../http/load.rs"]
mod load;
#[allow(dead_code, reason = "shared with other benches")]
#[path = "../http/process.rs"]
mod process;
#[allow(dead_code, reason = "shared with other benches")]
#[path = "../siege/stage.rs"]
mod stage;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Parser;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use stage::Stage;

/// Streams opened from one address; the server bears 256 connections of each.
const PER_ADDRESS: usize = 100;

/// Streams being opened at the same time.
const AT_ONCE: usize = 64;

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Cli {
    /// Streams
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
    /// Streams of one account
    #[arg(long, default_value_t = 5)]
    each: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let (_, most) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)?;
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, most, most)?;
    let stage = Stage::set(cli.streams.div_ceil(cli.each)).await?;
    let outcome = measure(&cli, &stage).await;
    stage.strike().await?;
    outcome
}

async fn measure(cli: &Cli, stage: &Stage) -> anyhow::Result<()> {
    // What the server takes once, whoever comes: a first round of streams that leave again.
    drop(open(cli.streams.min(200), cli, stage).await?);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, _) = stage.server.memory()?;
    println!("before: {} MiB", before / 1024);
    let start = Instant::now();
    let mut streams = open(cli.streams, cli, stage).await?;
    println!("{} streams opened in {:.1} s", streams.len(), start.elapsed().as_secs_f64());
    tokio::time::sleep(Duration::from_secs(5)).await;
    weigh("open", stage, before, streams.len())?;
    // Two heartbeats: each looks at the tables.
    let cpu = stage.server.cpu()?;
    tokio::time::sleep(Duration::from_secs(50)).await;
    weigh("50 s later", stage, before, streams.len())?;
    let spent = stage.server.cpu()?.saturating_sub(cpu).as_secs_f64() / 50.0;
    println!("processor while nothing happens: {:.1} % of one", spent * 100.0);
    let alive = streams.iter_mut().filter(|stream| is_alive(stream)).count();
    ensure!(alive == streams.len(), "{} streams ended", streams.len() - alive);
    drop(streams);
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("10 s after they left: {} MiB", stage.server.memory()?.0 / 1024);
    Ok(())
}

fn weigh(when: &str, stage: &Stage, before: u64, streams: usize) -> anyhow::Result<()> {
    let (now, _) = stage.server.memory()?;
    let each = now.saturating_sub(before) as f64 / streams as f64;
    println!("{when}: {} MiB, {each:.1} KiB a stream", now / 1024);
    Ok(())
}

async fn open(count: usize, cli: &Cli, stage: &Stage) -> anyhow::Result<Vec<TcpStream>> {
    let (mut opening, mut open) = (JoinSet::new(), Vec::with_capacity(count));
    for index in 0..count {
        let token = stage.tokens.get(index / cli.each).context("too few accounts")?.clone();
        opening.spawn(enter(stage.server.address, index, token));
        if opening.len() >= AT_ONCE
            && let Some(entered) = opening.join_next().await
        {
            open.push(entered??);
        }
    }
    while let Some(entered) = opening.join_next().await {
        open.push(entered??);
    }
    Ok(open)
}

async fn enter(server: SocketAddr, index: usize, token: String) -> anyhow::Result<TcpStream> {
    let address = u32::try_from(index / PER_ADDRESS)?;
    let from = Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 1, 1).to_bits() + address);
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(server).await?;
    // As many headers as a browser sends.
    let request = format!(
        "GET /api/notifications/stream HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\
         accept-language: fr-FR,fr;q=0.9,en;q=0.8\r\ncache-control: no-cache\r\norigin: http://localhost:3000\r\n\
         user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36\r\n\
         authorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, async {
        while !answer.windows(12).any(|window| window == b"unread-count") {
            ensure!(
                stream.read_buf(&mut answer).await? > 0,
                "turned away: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        Ok(())
    })
    .await??;
    Ok(stream)
}

/// Whether the server has not hung up.
fn is_alive(stream: &TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.try_read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}
