//! Answers without an end, such as streams of events.
//!
//! The HTTP library keeps two buffers of 8 KiB for each connection as long as it lasts, which is most of what an open
//! stream weighs. So the socket is taken from it once it has written the head: what follows needs no library.

use std::io;

use axum::body::Body;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::patient::Patient;

/// Left on an answer that lasts until its client leaves; its connection serves nothing else afterwards.
#[derive(Debug, Clone, Copy)]
pub struct Endless;

/// What the last piece of a chunked answer looks like.
const END: &[u8] = b"0\r\n\r\n";

/// Sends the answer as it comes, until it ends or its client leaves. `head` is what the library would have written.
pub(super) async fn go_on(mut stream: Patient, head: Vec<u8>, mut body: Body) {
    let chunked = is_chunked(&head);
    if stream.write_all(&head).await.is_err() {
        return;
    }
    drop(head);
    // Nothing of what such a client may still say is heard.
    let mut unheard = [0; 32];
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            said = stream.read(&mut unheard) => match said {
                Ok(1..) => continue,
                Ok(0) | Err(_) => return,
            },
        };
        let sent = match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => send(&mut stream, &data, chunked).await,
                Err(_) => Ok(()),
            },
            // Without its end the client knows that something is missing.
            Some(Err(_)) => return,
            None => {
                let end: &[u8] = if chunked { END } else { &[] };
                let _ = stream.write_all(end).await;
                let _ = stream.shutdown().await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn send(stream: &mut Patient, data: &[u8], chunked: bool) -> io::Result<()> {
    match (data.is_empty(), chunked) {
        (true, _) => Ok(()),
        (false, false) => stream.write_all(data).await,
        (false, true) => {
            let mut piece = format!("{:x}\r\n", data.len()).into_bytes();
            piece.extend_from_slice(data);
            piece.extend_from_slice(b"\r\n");
            stream.write_all(&piece).await
        }
    }
}

/// Whether a head announces pieces with their lengths; without them the end of the connection ends the answer.
fn is_chunked(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.lines().any(|line| line.trim_end() == "transfer-encoding: chunked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_announced_by_the_head_alone() {
        assert!(is_chunked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
        assert!(!is_chunked(b"HTTP/1.0 200 OK\r\nx: transfer-encoding: chunked\r\n\r\n"));
    }
}
