//! Those who hold what they can.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use crate::{Cli, stage::Stage};

/// Connections of one address; the server bears 256.
const PER_ADDRESS: usize = 100;

/// Connections being opened at the same time.
const AT_ONCE: usize = 200;

/// Longest time one attacker takes to get in.
const PATIENCE: Duration = Duration::from_secs(60);

/// A siege; dropped, everybody goes.
pub struct Attack {
    everybody: JoinSet<()>,
    kinds: [(&'static str, Arc<Count>); 4],
    total: usize,
}

#[derive(Default)]
struct Count {
    came: AtomicUsize,
    held: AtomicUsize,
}

/// What one attacker says first.
#[derive(Clone)]
struct Speech {
    head: String,
    /// Sent afterwards, as far as the server takes it.
    body: Arc<[u8]>,
    /// Whether the answer is read: who does not read needs little room for it.
    listens: bool,
}

/// How many are held, by kind.
pub struct Held(Vec<(&'static str, usize)>);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(kind, held)| format!("{held} {kind}")).collect();
        f.write_str(&parts.join(", "))
    }
}

impl Attack {
    pub fn start(cli: &Cli, stage: &Stage) -> Self {
        let total = cli.forms + cli.bodies + cli.deaf + cli.streams;
        let kinds = ["forms", "bodies", "deaf", "streams"].map(|kind| (kind, Arc::<Count>::default()));
        let [(_, forms), (_, bodies), (_, deaf), (_, streams)] = &kinds;
        let mut speeches: Vec<(Speech, Arc<Count>)> = Vec::with_capacity(total);
        speeches.extend((0..cli.forms).map(|_| (form(), Arc::clone(forms))));
        speeches.extend((0..cli.bodies).map(|_| (slow_body(), Arc::clone(bodies))));
        speeches.extend((0..cli.deaf).map(|_| (never_reads(), Arc::clone(deaf))));
        let tokens = stage.tokens.iter().cycle().take(cli.streams);
        speeches.extend(tokens.map(|token| (stream(token), Arc::clone(streams))));
        let doors = Arc::new(Semaphore::new(AT_ONCE));
        let mut everybody = JoinSet::new();
        for (index, (speech, count)) in mixed(speeches).into_iter().enumerate() {
            everybody.spawn(attacker(stage.server.address, index, speech, count, Arc::clone(&doors)));
        }
        Self { everybody, kinds, total }
    }

    /// Waits until all have come, or have been turned away.
    pub async fn everybody_is_there(&self) -> Held {
        while self.kinds.iter().map(|(_, count)| count.came.load(Relaxed)).sum::<usize>() < self.total {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.still_held()
    }

    pub fn still_held(&self) -> Held {
        Held(self.kinds.iter().map(|(kind, count)| (*kind, count.held.load(Relaxed))).collect())
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        self.everybody.abort_all();
    }
}

/// All kinds come together, each in its proportion.
fn mixed<T>(all: Vec<T>) -> Vec<T> {
    let stride = 97;
    let mut slots: Vec<Vec<T>> = (0..stride).map(|_| Vec::new()).collect();
    for (index, one) in all.into_iter().enumerate() {
        if let Some(slot) = slots.get_mut(index % stride) {
            slot.push(one);
        }
    }
    slots.into_iter().flatten().collect()
}

/// Headers of a part that never end, a mebibyte of them.
fn form() -> Speech {
    let head = "POST /api/public/order HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\
                Content-Length: 100000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"";
    Speech { head: head.to_owned(), body: vec![b'a'; 1 << 20].into(), listens: true }
}

/// Most of a body, whose end never comes.
fn slow_body() -> Speech {
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n";
    Speech { head: head.to_owned(), body: vec![b' '; 900_000].into(), listens: true }
}

/// The largest answer there is without an account, twenty times.
fn never_reads() -> Speech {
    let head = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    Speech { head, body: Arc::new([]), listens: false }
}

fn stream(token: &str) -> Speech {
    let head =
        format!("GET /api/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    Speech { head, body: Arc::new([]), listens: true }
}

async fn attacker(
    server: SocketAddr,
    index: usize,
    speech: Speech,
    count: Arc<Count>,
    doors: Arc<Semaphore>,
) {
    let door = doors.acquire().await;
    let entered = timeout(PATIENCE, enter(server, index, &speech)).await;
    drop(door);
    count.came.fetch_add(1, Relaxed);
    let Ok(Ok(mut stream)) = entered else { return };
    count.held.fetch_add(1, Relaxed);
    hold(&mut stream, &speech).await;
    count.held.fetch_sub(1, Relaxed);
}

async fn enter(server: SocketAddr, index: usize, speech: &Speech) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let address = u32::try_from(index / PER_ADDRESS).unwrap_or_default();
    let from = Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 1, 1).to_bits() + address);
    socket.bind((from, 0).into())?;
    if !speech.listens {
        socket.set_recv_buffer_size(4096)?;
    }
    let mut stream = socket.connect(server).await?;
    stream.write_all(speech.head.as_bytes()).await?;
    if speech.listens && speech.body.is_empty() {
        // The first bytes of a stream say that it is open.
        let mut first = [0; 12];
        stream.read_exact(&mut first).await?;
        if !first.ends_with(b"200") {
            return Err(std::io::ErrorKind::ConnectionRefused.into());
        }
    }
    Ok(stream)
}

/// Stays as long as the server lets it.
async fn hold(stream: &mut TcpStream, speech: &Speech) {
    if speech.listens {
        let (mut reader, mut writer) = stream.split();
        let mut buffer = [0; 1024];
        let listen = async { while matches!(reader.read(&mut buffer).await, Ok(1..)) {} };
        let speak = async {
            let _ = writer.write_all(&speech.body).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = listen => {}
            () = speak => {}
        }
    } else {
        // Notices nothing but the end of the connection.
        while !stream.ready(tokio::io::Interest::ERROR).await.is_ok_and(|ready| ready.is_error()) {}
    }
}
