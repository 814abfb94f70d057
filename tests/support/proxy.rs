//! A line to another server that a test can cut, hold and mend.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use sqlx::mysql::MySqlConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Whole,
    Held,
    Cut,
}

#[derive(Clone)]
enum Target {
    Tcp(String),
    Unix(PathBuf),
}

/// A port of this machine that leads to another server, while the line is whole.
pub struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<Option<Target>>>,
    line: watch::Sender<Line>,
}

impl Proxy {
    /// A whole line that leads nowhere yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            target: Arc::default(),
            line: watch::Sender::new(Line::Whole),
        };
        let (target, line) = (proxy.target.clone(), proxy.line.subscribe());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let target = target.lock().unwrap().clone();
                tokio::spawn(relay(near, target, line.clone()));
            }
        });
        proxy
    }

    /// `host:port` of the near end.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads the line to a port of this machine.
    pub fn lead_to_port(&self, port: u16) {
        *self.target.lock().unwrap() = Some(Target::Tcp(format!("127.0.0.1:{port}")));
    }

    /// Leads the line to a database, and gives the URL that reaches the database through it.
    pub fn lead_to_database(&self, url: &str) -> String {
        let options: MySqlConnectOptions = url.parse().unwrap();
        let target = match options.get_socket() {
            Some(socket) => Target::Unix(socket.clone()),
            None => Target::Tcp(format!("{}:{}", options.get_host(), options.get_port())),
        };
        *self.target.lock().unwrap() = Some(target);
        let (scheme, rest) = url.split_once("://").unwrap();
        let account = rest.rsplit_once('@').map_or("", |(account, _)| account);
        format!("{scheme}://{account}@{}/{}", self.address, options.get_database().unwrap())
    }

    /// Every connection breaks, and new ones are closed at once.
    pub fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    /// Connections stay, and nothing moves on them.
    pub fn pause(&self) {
        self.line.send_replace(Line::Held);
    }

    /// New connections work, and held ones go on.
    pub fn mend(&self) {
        self.line.send_replace(Line::Whole);
    }
}

async fn relay(near: TcpStream, target: Option<Target>, line: watch::Receiver<Line>) {
    let mut watched = line.clone();
    let cut = async move { drop(watched.wait_for(|line| *line == Line::Cut).await) };
    let joined = async move {
        match target? {
            Target::Tcp(address) => join(near, TcpStream::connect(address).await.ok()?, line).await,
            Target::Unix(socket) => join(near, UnixStream::connect(socket).await.ok()?, line).await,
        }
        Some(())
    };
    tokio::select! {
        () = cut => {}
        _ = joined => {}
    }
}

async fn join(near: TcpStream, far: impl AsyncRead + AsyncWrite, line: watch::Receiver<Line>) {
    let (near_in, near_out) = tokio::io::split(near);
    let (far_in, far_out) = tokio::io::split(far);
    tokio::select! {
        () = pump(near_in, far_out, line.clone()) => {}
        () = pump(far_in, near_out, line) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut line: watch::Receiver<Line>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if line.wait_for(|line| *line == Line::Whole).await.is_err()
            || to.write_all(&buffer[..length]).await.is_err()
        {
            return;
        }
    }
}
