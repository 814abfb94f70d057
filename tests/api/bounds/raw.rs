//! A client that follows no rules.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
};

/// A connection, and what came over it.
pub struct Raw(BufReader<TcpStream>);

impl Raw {
    pub async fn connect(port: u16) -> Self {
        Self::from("127.0.0.1", port).await
    }

    /// From another address of this machine.
    pub async fn from(address: &str, port: u16) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        let stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
        Self(BufReader::new(stream))
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// As [`Self::send`], to a server that may have had enough.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Begins a request whose body will not come soon, and waits until the server asks for it.
    pub async fn begin(port: u16, path: &str, headers: &str) -> Self {
        let mut client = Self::connect(port).await;
        client
            .send(format!("POST {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n{headers}\r\n"))
            .await;
        let (status, body) = client.head().await;
        assert_eq!(status, 100, "{body:?}");
        client
    }

    /// Begins a form, as [`Self::begin`]; `more` are headers.
    pub async fn upload(port: u16, path: &str, more: &str) -> Self {
        let headers =
            format!("Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n{more}");
        Self::begin(port, path, &headers).await
    }

    /// The next byte; none after the end of the connection.
    pub async fn byte(&mut self) -> Option<u8> {
        self.0.read_u8().await.ok()
    }

    /// The next head: its status and its declared length.
    async fn head(&mut self) -> (u16, usize) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return (0, 0),
            }
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        (status, length.map_or(0, |length| length.parse().unwrap()))
    }

    /// The next answer: its status (0 when the connection ended) and its JSON.
    pub async fn answer(&mut self) -> (u16, Value) {
        let (status, length) = self.head().await;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Asserts what the next answer is.
    pub async fn refused(&mut self, status: u16, code: &str) {
        let (given, body) = self.answer().await;
        assert_eq!((given, body["code"].as_str()), (status, Some(code)), "{body}");
    }
}
