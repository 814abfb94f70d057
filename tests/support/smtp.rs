//! A mail server that says what a test wants and keeps what it accepted.

use std::sync::{Arc, Mutex};

use mail_parser::MessageParser;
use staka::emails::transport::SmtpTransport;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the server answers where it matters; empty means it accepts.
#[derive(Clone, Copy, Default)]
pub struct Script {
    pub to_recipient: &'static str,
    pub to_data: &'static str,
    pub to_login: &'static str,
    /// Accepts the connection and never speaks.
    pub silent: bool,
    /// Never speaks again to whoever names this recipient; empty for nobody.
    pub silent_about: &'static str,
    /// Hangs up on whoever connects, and on those connected at their next word.
    pub down: bool,
}

/// A server on a port of its own; every message it accepts comes out of the channel.
pub struct Server {
    pub port: u16,
    pub messages: mpsc::UnboundedReceiver<Vec<u8>>,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, messages) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(script));
        let shared = script.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, shared.clone(), sender.clone()));
            }
        });
        Self { port, messages, script }
    }

    /// Changes what it answers from now on.
    pub fn behave(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// Everything accepted so far and not yet taken.
    pub fn accepted(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.messages.try_recv().ok()).collect()
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn transport(&self) -> SmtpTransport {
        SmtpTransport::from_url(&self.url()).unwrap()
    }
}

/// A header of a raw message, as written.
pub fn header(raw: &[u8], name: &str) -> Option<String> {
    let message = MessageParser::default().parse(raw).unwrap();
    message.header_raw(name).map(|value| value.trim().to_owned())
}

async fn converse(
    stream: TcpStream,
    shared: Arc<Mutex<Script>>,
    messages: mpsc::UnboundedSender<Vec<u8>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let script = || *shared.lock().unwrap();
    if script().silent {
        std::future::pending::<()>().await;
    }
    if script().down {
        return None;
    }
    stream.write_all(b"220 test ESMTP\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 || script().down {
            return None;
        }
        let script = script();
        if !script.silent_about.is_empty() && line.contains(script.silent_about) {
            std::future::pending::<()>().await;
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if script.to_login.is_empty() => "250-test\r\n250 8BITMIME",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "AUTH" => script.to_login,
            "RCPT" if !script.to_recipient.is_empty() => script.to_recipient,
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let message = read_message(&mut stream).await?;
                match script.to_data {
                    "" => {
                        messages.send(message).ok()?;
                        "250 queued"
                    }
                    refusal => refusal,
                }
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// Up to the lone dot, dot-stuffing undone (RFC 5321 section 4.5.2).
async fn read_message(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await.ok()?;
        match line.as_slice() {
            b".\r\n" | b"" => return Some(message),
            [b'.', rest @ ..] => message.extend_from_slice(rest),
            line => message.extend_from_slice(line),
        }
    }
}
