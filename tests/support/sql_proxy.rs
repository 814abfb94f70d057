//! A wire between a server under test and its database, which kills the server at a chosen statement.
//!
//! It understands as much of the MySQL protocol as that takes: the framing, which packets are commands, and the
//! text behind a prepared statement. A statement is known by its text and by how many like it came before since the
//! wire was armed; the end of a transaction by the statement before it. Preparing changes nothing in the database, nor
//! do BEGIN and SET, so they are no places to die at.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::mysql::MySqlConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_util::sync::CancellationToken;

/// Which moment of a statement the server does not survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The database never sees the statement.
    Before,
    /// The database has done it; the server never learns so.
    After,
}

/// A statement that was executed since the wire was armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its text; of a COMMIT, with the statement before it.
    pub sql: String,
    /// How many like it came before.
    pub nth: usize,
}

/// When to kill.
#[derive(Clone, Debug)]
pub struct Fault {
    pub point: Point,
    /// Before or after the statement.
    pub side: Side,
}

impl Point {
    /// Whether it ends a transaction.
    pub fn is_end(&self) -> bool {
        is_end(self.sql.split(" after ").next().unwrap_or_default())
    }
}

/// The wire.
pub struct SqlProxy {
    url: String,
    watch: Arc<Mutex<Watch>>,
}

/// What is watched for, and what was seen.
#[derive(Default)]
struct Watch {
    fault: Option<(Fault, Option<Pid>)>,
    armed: bool,
    seen: Vec<Seen>,
    /// Connections within a transaction.
    open: HashSet<u64>,
    tripped: bool,
    /// Open connections end with it.
    wires: CancellationToken,
    /// The last statement of each connection.
    last: HashMap<u64, String>,
    /// What all connections executed and prepared, while it is counted.
    counted: Option<(Vec<String>, Vec<String>)>,
}

#[derive(Debug)]
struct Seen {
    connection: u64,
    point: Point,
    /// Between the first statement of a transaction and its end.
    inner: bool,
}

impl SqlProxy {
    /// A wire to the database of `url`.
    pub async fn start(url: &str) -> Self {
        let upstream = Upstream::of(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let watch = Arc::new(Mutex::new(Watch::default()));
        let shared = watch.clone();
        tokio::spawn(async move {
            for id in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                let (upstream, watch) = (upstream.clone(), shared.clone());
                tokio::spawn(async move {
                    let cut = watch.lock().unwrap().wires.clone();
                    tokio::select! {
                        // A connection that breaks is what this is about.
                        _ = carry(id, client, upstream, watch) => {}
                        () = cut.cancelled() => {}
                    }
                });
            }
        });
        Self { url: through(url, port), watch }
    }

    /// The URL for the server under test. Without TLS: the proxy reads along.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Notes every statement from now on.
    pub fn record(&self) {
        self.arm(None);
    }

    /// As [`record`](Self::record), and at `fault` kills `victim`, if any, and cuts every connection.
    pub fn kill_at(&self, fault: Fault, victim: Option<i32>) {
        self.arm(Some((fault, victim.map(Pid::from_raw))));
    }

    /// Lets everything pass unnoticed again; whether the fault has struck.
    pub fn disarm(&self) -> bool {
        let mut watch = self.watch.lock().unwrap();
        (watch.armed, watch.fault) = (false, None);
        watch.tripped
    }

    /// Begins to count what is executed and prepared on any connection.
    pub fn count(&self) {
        self.watch.lock().unwrap().counted = Some(Default::default());
    }

    /// Ends the count and gives it: what was executed, what was prepared.
    pub fn counted(&self) -> (Vec<String>, Vec<String>) {
        self.watch.lock().unwrap().counted.take().unwrap_or_default()
    }

    fn arm(&self, fault: Option<(Fault, Option<Pid>)>) {
        let mut watch = self.watch.lock().unwrap();
        let (last, open) = (std::mem::take(&mut watch.last), std::mem::take(&mut watch.open));
        let wires = watch.wires.clone();
        *watch = Watch { fault, armed: true, wires, last, open, ..Watch::default() };
    }

    /// What was seen since it was armed.
    pub fn seen(&self) -> Vec<Point> {
        self.watch.lock().unwrap().seen.iter().map(|seen| seen.point.clone()).collect()
    }

    /// Of that, what leaves each its own trace in the database: of a transaction its first statement and its end.
    pub fn telling(&self) -> Vec<Point> {
        let watch = self.watch.lock().unwrap();
        watch.seen.iter().filter(|seen| !seen.inner).map(|seen| seen.point.clone()).collect()
    }

    /// Of that, the first transaction that has a statement with this text, from that statement to its end.
    pub fn transaction(&self, text: &str) -> Vec<Point> {
        let watch = self.watch.lock().unwrap();
        let begin = watch.seen.iter().position(|seen| seen.point.sql.contains(text));
        let Some(begin) = begin else { panic!("no {text} among {:#?}", watch.seen) };
        let connection = watch.seen[begin].connection;
        let own = watch.seen[begin..].iter().filter(|seen| seen.connection == connection);
        let points: Vec<_> = own.map(|seen| seen.point.clone()).collect();
        let end = points.iter().position(Point::is_end).unwrap_or_else(|| panic!("no end: {points:#?}"));
        points[..=end].to_vec()
    }

    /// Whether the fault has struck.
    pub fn tripped(&self) -> bool {
        self.watch.lock().unwrap().tripped
    }
}

impl Watch {
    /// Notes a statement; answers the side on which it is to be the last one.
    fn note(&mut self, connection: u64, sql: &str) -> Option<Side> {
        if let Some((executed, _)) = &mut self.counted {
            executed.push(sql.to_owned());
        }
        let before = self.last.insert(connection, sql.to_owned()).unwrap_or_default();
        if is_begin(sql) {
            self.open.insert(connection);
        }
        let inside =
            if is_end(sql) { self.open.remove(&connection) } else { self.open.contains(&connection) };
        if !self.armed || changes_nothing(sql) {
            return None;
        }
        let inner = inside && !is_begin(&before) && !is_end(sql);
        let sql = if is_end(sql) { format!("{sql} after {before}") } else { sql.to_owned() };
        let nth = self.seen.iter().filter(|seen| seen.point.sql == sql).count();
        let point = Point { sql, nth };
        let fault = self.fault.as_ref().filter(|(fault, _)| fault.point == point);
        let side = fault.map(|(fault, _)| fault.side);
        self.seen.push(Seen { connection, point, inner });
        side
    }

    /// The server dies, then every wire is cut, as the system does for a dead process.
    fn trip(&mut self) {
        let Some((_, victim)) = self.fault.take() else { return };
        if let Some(victim) = victim {
            kill(victim, Signal::SIGKILL).unwrap();
        }
        (self.armed, self.tripped) = (false, true);
        std::mem::take(&mut self.wires).cancel();
    }
}

/// BEGIN, and what every new connection says first.
fn changes_nothing(sql: &str) -> bool {
    is_begin(sql) || sql.starts_with("SET ")
}

fn is_begin(sql: &str) -> bool {
    sql.eq_ignore_ascii_case("BEGIN")
}

fn is_end(sql: &str) -> bool {
    ["COMMIT", "ROLLBACK"].contains(&sql.trim().to_ascii_uppercase().as_str())
}

/// `mysql://user:password@host/name?options` as the same account and database at `port`.
fn through(url: &str, port: u16) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, name) = rest.split_once('/').unwrap();
    let account = authority.rsplit_once('@').map_or("root", |(account, _)| account);
    let name = name.split('?').next().unwrap();
    format!("{scheme}://{account}@127.0.0.1:{port}/{name}?ssl-mode=DISABLED")
}

/// Where the database listens.
#[derive(Clone)]
enum Upstream {
    Socket(PathBuf),
    Address(String, u16),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Upstream {
    fn of(url: &str) -> Self {
        let options: MySqlConnectOptions = url.parse().unwrap();
        match options.get_socket() {
            Some(path) => Self::Socket(path.clone()),
            None => Self::Address(options.get_host().to_owned(), options.get_port()),
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Self::Address(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        })
    }
}

/// What the next answer of the database is about.
#[derive(Default)]
enum Expected {
    #[default]
    Anything,
    /// The number of a statement, to be told by its text from now on.
    Prepared(String),
    /// The end: the answer is not passed on.
    Nothing,
}

/// One connection, as both of its directions see it.
struct Wire {
    id: u64,
    watch: Arc<Mutex<Watch>>,
    expected: Mutex<Expected>,
    statements: Mutex<HashMap<u32, String>>,
}

async fn carry(id: u64, client: TcpStream, upstream: Upstream, watch: Arc<Mutex<Watch>>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (database_in, database_out) = tokio::io::split(upstream.connect().await?);
    let (client_in, client_out) = tokio::io::split(client);
    let wire = Wire { id, watch, expected: Mutex::default(), statements: Mutex::default() };
    // Either end that closes ends both.
    tokio::select! {
        ended = wire.commands(client_in, database_out) => ended,
        ended = wire.answers(database_in, client_out) => ended,
    }
}

const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;

impl Wire {
    async fn commands(
        &self,
        mut client: ReadHalf<TcpStream>,
        mut database: WriteHalf<Box<dyn Stream>>,
    ) -> io::Result<()> {
        loop {
            let mut packet = vec![0; 4];
            client.read_exact(&mut packet).await?;
            let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]) as usize;
            packet.resize(4 + length, 0);
            client.read_exact(&mut packet[4..]).await?;
            // A command begins a new count of packets; what answers the server's greeting does not.
            let side = if packet[3] == 0 { self.command(&packet[4..]) } else { None };
            match side {
                Some(Side::Before) => return self.trip(),
                Some(Side::After) => *self.expected.lock().unwrap() = Expected::Nothing,
                None => {}
            }
            database.write_all(&packet).await?;
        }
    }

    fn command(&self, command: &[u8]) -> Option<Side> {
        let (kind, rest) = command.split_first()?;
        let sql = match *kind {
            QUERY => String::from_utf8_lossy(rest).into_owned(),
            PREPARE => {
                let sql = String::from_utf8_lossy(rest).into_owned();
                if let Some((_, prepared)) = &mut self.watch.lock().unwrap().counted {
                    prepared.push(sql.clone());
                }
                *self.expected.lock().unwrap() = Expected::Prepared(sql);
                return None;
            }
            EXECUTE => {
                let number = u32::from_le_bytes(rest.get(..4)?.try_into().unwrap());
                self.statements.lock().unwrap().get(&number)?.clone()
            }
            _ => return None,
        };
        self.watch.lock().unwrap().note(self.id, &sql)
    }

    async fn answers(
        &self,
        mut database: ReadHalf<Box<dyn Stream>>,
        mut client: WriteHalf<TcpStream>,
    ) -> io::Result<()> {
        let mut answer = Vec::new();
        loop {
            if database.read_buf(&mut answer).await? == 0 {
                return Ok(());
            }
            match std::mem::take(&mut *self.expected.lock().unwrap()) {
                Expected::Nothing => return self.trip(),
                Expected::Prepared(sql) if answer.len() < 9 => {
                    *self.expected.lock().unwrap() = Expected::Prepared(sql);
                    continue;
                }
                // Header, a zero for success, then the number.
                Expected::Prepared(sql) if answer[4] == 0 => {
                    let number = u32::from_le_bytes(answer[5..9].try_into().unwrap());
                    self.statements.lock().unwrap().insert(number, sql);
                }
                _ => {}
            }
            client.write_all(&answer).await?;
            answer.clear();
        }
    }

    fn trip(&self) -> io::Result<()> {
        self.watch.lock().unwrap().trip();
        Ok(())
    }
}
