//! The socket, taken back from the HTTP library.
//!
//! Requests whose head it cannot read it would answer itself, with a bare status: what it writes when no answer of ours
//! is under way is caught here, and the service is asked for the answer instead. And an answer without an end is taken
//! from it once it has written the head, see [`super::endless`].

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

use super::endless;
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
pub(super) struct Turn(Arc<Whose>);

#[derive(Default)]
struct Whose {
    turn: AtomicU8,
    /// The body of an answer without an end, which the library is not to see.
    endless: Mutex<Option<Body>>,
}

impl Turn {
    /// All of our answers have left.
    const NOBODYS: u8 = 0;
    /// A request is being answered.
    const OURS: u8 = 1;
    /// The last of an answer is in the library's buffer.
    const LEAVING: u8 = 2;
    /// The next thing written is the head of an answer without an end.
    const ENDLESS: u8 = 3;

    /// A request was read.
    pub(super) fn begin(&self) {
        self.set(Self::OURS);
    }

    /// An answer has no end; gives the library what stands for its body.
    pub(super) fn never_end(&self, body: Body) -> Body {
        *self.endless() = Some(body);
        self.set(Self::ENDLESS);
        Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>())
    }

    fn leave(&self) {
        self.set(Self::LEAVING);
    }

    fn flushed(&self) {
        let (leaving, nobodys) = (Self::LEAVING, Self::NOBODYS);
        let _ = self.0.turn.compare_exchange(leaving, nobodys, Ordering::AcqRel, Ordering::Acquire);
    }

    fn set(&self, turn: u8) {
        self.0.turn.store(turn, Ordering::Release);
    }

    fn endless(&self) -> std::sync::MutexGuard<'_, Option<Body>> {
        self.0.endless.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the socket must leave the library, which is about to write `head`, if it must.
    fn release<'h>(&self, mut head: impl Iterator<Item = &'h [u8]>) -> Option<Release> {
        match self.0.turn.load(Ordering::Acquire) {
            // `HTTP/1.1 431 ...`
            Self::NOBODYS => {
                let digits = head.next().and_then(|head| head.get(9..12))?;
                StatusCode::from_bytes(digits).ok().map(Release::Unreadable)
            }
            Self::ENDLESS => {
                let body = self.endless().take()?;
                Some(Release::Endless { head: head.collect::<Vec<_>>().concat(), body })
            }
            _ => None,
        }
    }
}

/// Why the socket leaves the library.
enum Release {
    /// It could not read a request, and gives it this status.
    Unreadable(StatusCode),
    /// An answer without an end begins with this head.
    Endless { head: Vec<u8>, body: Body },
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

/// The socket, until the library has to do without it: from then on it belongs to the [`Released`] end.
pub(super) struct Watched {
    stream: Option<Patient>,
    turn: Turn,
    released: Option<oneshot::Sender<(Patient, Release)>>,
}

/// Where the socket comes out when it is taken from the library.
pub(super) struct Released(oneshot::Receiver<(Patient, Release)>);

impl Watched {
    pub(super) fn new(stream: Patient, turn: Turn) -> (Self, Released) {
        let (sender, receiver) = oneshot::channel();
        (Self { stream: Some(stream), turn, released: Some(sender) }, Released(receiver))
    }

    /// Takes the socket from the library when what it writes is not for it to write. What it writes from then on is
    /// thrown away, and it reads that the client has left.
    fn judge<'h>(&mut self, cx: &Context<'_>, head: impl Iterator<Item = &'h [u8]>) {
        let Some(release) = self.turn.release(head) else { return };
        if let (Some(stream), Some(released)) = (self.stream.take(), self.released.take()) {
            let _ = released.send((stream, release));
            // It waits for the socket, which is not there to wake it.
            cx.waker().wake_by_ref();
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
        self.judge(cx, std::iter::once(buf));
        let thrown_away = Poll::Ready(Ok(buf.len()));
        self.stream.as_mut().map_or(thrown_away, |stream| Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.judge(cx, bufs.iter().map(|buf| &**buf).filter(|buf| !buf.is_empty()));
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

impl Released {
    /// Once the library is done: goes on with the socket that was taken from it, if one was, and closes.
    pub(super) async fn go_on<S>(mut self, service: S, peer: SocketAddr)
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone,
    {
        match self.0.try_recv() {
            Ok((stream, Release::Unreadable(status))) => {
                Box::pin(answer_unreadable(stream, status, service, peer)).await;
            }
            Ok((stream, Release::Endless { head, body })) => endless::go_on(stream, head, body).await,
            Err(_) => {}
        }
    }
}

async fn answer_unreadable<S>(stream: Patient, status: StatusCode, service: S, peer: SocketAddr)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
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
