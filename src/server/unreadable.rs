//! Requests whose head the HTTP library cannot read. It would answer them itself, with a bare status: what it writes
//! when no answer of ours is under way is caught here, and the service is asked for the answer instead.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy, join, sink, split};
use tokio::sync::oneshot;
use tower::{Service, ServiceExt};

use super::patient::Patient;

/// How long what such a client still sends is read: closing at once would reset the connection before the answer is read.
const LINGER: Duration = Duration::from_secs(2);

/// What the service is asked in place of a request that cannot be read.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";

/// Marks the request that stands for one whose head cannot be read, with the status the library gives it.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable(pub StatusCode);

/// Whether an answer of ours is on its way through the library.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<AtomicU8>);

impl Turn {
    /// All of our answers have left.
    const NOBODYS: u8 = 0;
    /// A request is being answered.
    const OURS: u8 = 1;
    /// The last of an answer is in the library's buffer.
    const LEAVING: u8 = 2;

    /// A request was read.
    pub(super) fn begin(&self) {
        self.0.store(Self::OURS, Ordering::Release);
    }

    fn leave(&self) {
        self.0.store(Self::LEAVING, Ordering::Release);
    }

    fn flushed(&self) {
        let _ = self.0.compare_exchange(Self::LEAVING, Self::NOBODYS, Ordering::AcqRel, Ordering::Acquire);
    }

    fn is_nobodys(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::NOBODYS
    }
}

/// The body of an answer of ours: its end is the end of our turn.
pub(super) struct Answer {
    body: Body,
    turn: Turn,
}

impl Answer {
    pub(super) fn new(body: Body, turn: Turn) -> Self {
        Self { body, turn }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.turn.leave();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The socket, until the library begins to answer on its own: from then on it belongs to the [`Refused`] end.
pub(super) struct Watched {
    stream: Option<Patient>,
    turn: Turn,
    refused: Option<oneshot::Sender<(Patient, StatusCode)>>,
}

/// Where the socket of a request that could not be read comes out.
pub(super) struct Refused(oneshot::Receiver<(Patient, StatusCode)>);

impl Watched {
    pub(super) fn new(stream: Patient, turn: Turn) -> (Self, Refused) {
        let (sender, receiver) = oneshot::channel();
        (Self { stream: Some(stream), turn, refused: Some(sender) }, Refused(receiver))
    }

    /// Takes the socket from the library when `head` is the beginning of an answer of its own.
    fn judge(&mut self, head: &[u8]) {
        if !self.turn.is_nobodys() {
            return;
        }
        // `HTTP/1.1 431 ...`
        let status = head.get(9..12).and_then(|digits| StatusCode::from_bytes(digits).ok());
        if let (Some(status), Some(stream), Some(refused)) = (status, self.stream.take(), self.refused.take())
        {
            let _ = refused.send((stream, status));
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().map_or(Poll::Ready(Ok(())), |stream| Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.judge(buf);
        let thrown_away = Poll::Ready(Ok(buf.len()));
        self.stream.as_mut().map_or(thrown_away, |stream| Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.judge(bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| buf));
        let thrown_away = Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        self.stream.as_mut().map_or(thrown_away, |stream| Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_none_or(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The library flushes once it has written all it had.
        let flushed =
            self.stream.as_mut().map_or(Poll::Ready(Ok(())), |stream| Pin::new(stream).poll_flush(cx));
        self.turn.flushed();
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().map_or(Poll::Ready(Ok(())), |stream| Pin::new(stream).poll_shutdown(cx))
    }
}

impl Refused {
    /// Once the library is done: answers the request it could not read, if there was one, and closes.
    pub(super) async fn answer<S>(mut self, service: S, peer: SocketAddr)
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone,
    {
        let Ok((stream, status)) = self.0.try_recv() else { return };
        let (mut unread, socket) = split(stream);
        let asked = service_fn(move |_: hyper::Request<Incoming>| {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Unreadable(status));
            service.clone().oneshot(request)
        });
        let exchange = TokioIo::new(join(STAND_IN, socket));
        // What stands in for the request ends before its answer begins.
        if http1::Builder::new().half_close(true).serve_connection(exchange, asked).await.is_ok() {
            let _ = tokio::time::timeout(LINGER, copy(&mut unread, &mut sink())).await;
        }
    }
}
