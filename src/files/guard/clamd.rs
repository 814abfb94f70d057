//! The protocol of clamd: a file goes over a connection in pieces, and a verdict comes back.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::ScannerAddress;

/// Files looked into at the same time: fewer than the threads clamd has by default.
const SCANS: usize = 8;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// From waiting for a turn to the verdict.
const SCAN_LIMIT: Duration = Duration::from_secs(120);

/// Bytes sent at a time.
const PIECE: usize = 64 * 1024;

/// Bytes of the length before each of them.
const LENGTH: usize = 4;

/// A verdict is one short line.
const MAX_ANSWER: u64 = 1024;

/// What the scanner says of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Clean,
    /// The name of what was found.
    Infected(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It cannot be reached, or goes away.
    #[error("the virus scanner is away")]
    Away(#[from] io::Error),
    /// It takes too long, or too many files wait for it.
    #[error("the virus scanner takes too long")]
    Late,
    /// It does not look into the file: `StreamMaxLength` of its settings may be less than what is accepted here.
    #[error("the virus scanner refuses: {0}")]
    Refused(String),
}

/// A scanner.
pub(super) struct Clamd {
    address: ScannerAddress,
    turns: Arc<Semaphore>,
}

impl Clamd {
    pub(super) fn new(address: ScannerAddress) -> Self {
        Self { address, turns: Arc::new(Semaphore::new(SCANS)) }
    }

    /// Lets it look into a file.
    pub(super) async fn scan(&self, content: File) -> Result<Verdict, ScanError> {
        let scan = async {
            let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
            match &self.address {
                ScannerAddress::Tcp(address) => {
                    converse(connected(TcpStream::connect(address)).await?, content).await
                }
                ScannerAddress::Socket(path) => {
                    converse(connected(UnixStream::connect(path)).await?, content).await
                }
            }
        };
        timeout(SCAN_LIMIT, scan).await.unwrap_or(Err(ScanError::Late))
    }
}

async fn connected<S>(connecting: impl Future<Output = io::Result<S>>) -> Result<S, ScanError> {
    Ok(timeout(CONNECT_LIMIT, connecting).await.map_err(|_| ScanError::Late)??)
}

async fn converse(
    mut line: impl AsyncRead + AsyncWrite + Unpin,
    content: File,
) -> Result<Verdict, ScanError> {
    // A scanner that has heard enough answers and hangs up: what it says counts more than that.
    let sent = send(&mut line, content).await;
    let mut answer = Vec::new();
    let heard = line.take(MAX_ANSWER).read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    match answer.trim_matches(|c: char| c == '\0' || c.is_whitespace()) {
        "" => {
            sent?;
            heard?;
            Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
        }
        answer => read(answer),
    }
}

/// Each piece behind its length, and none at the end.
async fn send(line: &mut (impl AsyncWrite + Unpin), mut content: File) -> io::Result<()> {
    line.write_all(b"zINSTREAM\0").await?;
    // A length and its piece leave together.
    let mut piece = vec![0; LENGTH + PIECE];
    loop {
        let (length, bytes) = piece.split_at_mut(LENGTH);
        let read = content.read(bytes).await?;
        length.copy_from_slice(&u32::try_from(read).map_err(io::Error::other)?.to_be_bytes());
        line.write_all(piece.get(..LENGTH + read).unwrap_or_default()).await?;
        if read == 0 {
            return line.flush().await;
        }
    }
}

fn read(answer: &str) -> Result<Verdict, ScanError> {
    let verdict = answer.strip_prefix("stream: ").unwrap_or(answer);
    match verdict.strip_suffix(" FOUND") {
        Some(signature) => Ok(Verdict::Infected(signature.to_owned())),
        None if verdict == "OK" => Ok(Verdict::Clean),
        None => Err(ScanError::Refused(answer.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_they_are_meant() {
        assert_eq!(read("stream: OK").unwrap(), Verdict::Clean);
        let infected = Verdict::Infected("Eicar-Signature".to_owned());
        assert_eq!(read("stream: Eicar-Signature FOUND").unwrap(), infected);
        for answer in ["INSTREAM size limit exceeded. ERROR", "stream: ", "UNKNOWN COMMAND", "stream: NOT OK"]
        {
            assert!(matches!(read(answer), Err(ScanError::Refused(said)) if said == answer), "{answer}");
        }
    }
}
