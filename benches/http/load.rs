//! A lean client: prepared requests over connections that stay open, one request at a time on each.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// What a slice saw.
#[derive(Default)]
pub struct Slice {
    pub requests: u64,
    pub wall: Duration,
    /// Microseconds, in no order.
    pub latencies: Vec<u32>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: usize,
}

/// A connection that stays open.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The bytes of a `GET`.
pub fn get(path: &str, headers: &[(&str, &str)]) -> Arc<[u8]> {
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: application/json\r\n"
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.into_bytes().into()
}

impl Client {
    pub async fn connect(to: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(32 * 1024) })
    }

    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server hung up");
            if let Some(answer) = whole(&self.buffer)? {
                return Ok(answer);
            }
        }
    }
}

/// The answer at the beginning of `bytes`, once all of it is there.
fn whole(bytes: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
    let body: usize = length.context("an answer without a length")?.parse()?;
    let status = head.get(9..12).context("no status")?.parse()?;
    Ok((bytes.len() >= end + 4 + body).then_some(Answer { status, body }))
}

/// Drives every client for `length`, each in turn through `requests`. Clients come back for the next slice.
pub async fn drive(
    clients: Vec<Client>,
    requests: &Arc<[Arc<[u8]>]>,
    length: Duration,
) -> anyhow::Result<(Vec<Client>, Slice)> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (index, client) in clients.into_iter().enumerate() {
        tasks.spawn(keep_asking(client, Arc::clone(requests), index * 7, start + length));
    }
    let (mut clients, mut slice) = (Vec::new(), Slice::default());
    while let Some(done) = tasks.join_next().await {
        let (client, latencies) = done??;
        clients.push(client);
        slice.latencies.extend(latencies);
    }
    slice.wall = start.elapsed();
    slice.requests = slice.latencies.len() as u64;
    Ok((clients, slice))
}

async fn keep_asking(
    mut client: Client,
    requests: Arc<[Arc<[u8]>]>,
    first: usize,
    until: Instant,
) -> anyhow::Result<(Client, Vec<u32>)> {
    let mut latencies = Vec::with_capacity(4096);
    for request in requests.iter().cycle().skip(first) {
        let start = Instant::now();
        if start >= until {
            break;
        }
        let answer = client.send(request).await?;
        ensure!(answer.status == 200, "status {}", answer.status);
        latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok((client, latencies))
}
