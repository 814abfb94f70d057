//! The bytes of a form on their way to the parser, which by itself would take whatever comes: it keeps all that it has
//! not understood yet and looks at it again at every packet.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep};
use tower_http::timeout::TimeoutError;

use super::UploadError;
use crate::http::Bounds;

/// The most bytes given to the parser at once: what it keeps stays small.
const PIECE: usize = 16 * 1024;

/// The most bytes the parser may take without giving anything back: the headers of a part, or what surrounds the parts.
const MAX_UNREAD: u64 = 16 * 1024;

/// How much of a refused upload is still read, and for how long, before the connection is given up.
const DRAIN_BYTES: u64 = 256 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// Why a form was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum CutOff {
    #[error("the client sends nothing, or hardly anything")]
    Stalled,
    #[error("more than {0} bytes of headers, or around the parts")]
    Unreadable(u64),
    #[error("more than {0} bytes")]
    TooLarge(u64),
    #[error("the connection was lost")]
    Lost(#[source] axum::Error),
}

impl From<multer::Error> for UploadError {
    fn from(error: multer::Error) -> Self {
        let cut = match &error {
            multer::Error::StreamReadFailed(cause) => cause.downcast_ref(),
            _ => None,
        };
        match cut {
            Some(CutOff::Stalled) => Self::Stalled,
            Some(CutOff::TooLarge(limit)) => Self::FormTooLarge { limit: *limit },
            Some(CutOff::Unreadable(_) | CutOff::Lost(_)) | None => Self::Malformed(Some(error)),
        }
    }
}

/// The bytes of a request, shared by the parser and by what drains the rest after a refusal.
pub(super) struct Source {
    body: Mutex<Incoming>,
    step: u64,
    pace: Duration,
    /// The most bytes of the whole form.
    limit: AtomicU64,
    /// Bytes given to the parser since it last gave something back.
    unread: AtomicU64,
}

struct Incoming {
    stream: BodyDataStream,
    /// Received and not given to the parser yet.
    rest: Bytes,
    ended: bool,
}

impl Incoming {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.rest.split_to(self.rest.len().min(PIECE)))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let next = self.stream.poll_next_unpin(context);
        match next {
            Poll::Ready(Some(Ok(mut chunk))) => {
                self.rest = chunk.split_off(chunk.len().min(PIECE));
                Poll::Ready(Some(Ok(chunk)))
            }
            Poll::Ready(None | Some(Err(_))) => {
                self.ended = true;
                next
            }
            Poll::Pending => next,
        }
    }
}

impl Source {
    pub(super) fn new(body: Body, bounds: &Bounds) -> Self {
        let incoming = Incoming { stream: body.into_data_stream(), rest: Bytes::new(), ended: false };
        Self {
            body: Mutex::new(incoming),
            step: bounds.upload_step,
            pace: bounds.upload_pace,
            limit: AtomicU64::new(u64::MAX),
            unread: AtomicU64::new(0),
        }
    }

    /// Cuts the form off after so many bytes.
    pub(super) fn limit(&self, bytes: u64) {
        self.limit.store(bytes, Relaxed);
    }

    /// The parser gave something back.
    pub(super) fn progressed(&self) {
        self.unread.store(0, Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Incoming> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has been received, and until when more must follow.
struct Meter {
    total: u64,
    /// Of the present step.
    step: u64,
    deadline: Pin<Box<Sleep>>,
    /// The parser was given a piece, and must look at it before the next one.
    fed: bool,
}

/// The source as the parser sees it: piece by piece, and an error where the form breaks a bound.
pub(super) fn paced(source: Arc<Source>) -> impl Stream<Item = Result<Bytes, CutOff>> {
    let deadline = Box::pin(tokio::time::sleep(source.pace));
    let mut meter = Meter { total: 0, step: 0, deadline, fed: false };
    stream::poll_fn(move |context| meter.poll(&source, context))
}

impl Meter {
    fn poll(&mut self, source: &Source, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        if std::mem::take(&mut self.fed) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if source.unread.load(Relaxed) > MAX_UNREAD {
            return Poll::Ready(Some(Err(CutOff::Unreadable(MAX_UNREAD))));
        }
        match source.lock().poll(context) {
            Poll::Ready(Some(Ok(piece))) => Poll::Ready(Some(self.count(source, piece))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(lost(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.deadline.as_mut().poll(context).map(|()| Some(Err(CutOff::Stalled))),
        }
    }

    fn count(&mut self, source: &Source, piece: Bytes) -> Result<Bytes, CutOff> {
        let bytes = piece.len() as u64;
        self.fed = true;
        self.total += bytes;
        self.step += bytes;
        source.unread.fetch_add(bytes, Relaxed);
        let limit = source.limit.load(Relaxed);
        if self.total > limit {
            return Err(CutOff::TooLarge(limit));
        }
        if self.step >= source.step {
            self.step = 0;
            self.deadline.as_mut().reset(Instant::now() + source.pace);
        }
        Ok(piece)
    }
}

/// The listener has a patience of its own, and cuts the silent off too.
fn lost(error: axum::Error) -> CutOff {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            return CutOff::Stalled;
        }
        cause = error.source();
    }
    CutOff::Lost(error)
}

/// Reads and forgets what a client still sends. A client that is cut off while sending often never sees the answer.
pub(super) fn drain(source: &Arc<Source>) {
    let ended = source.lock().ended;
    if let (false, Ok(runtime)) = (ended, Handle::try_current()) {
        runtime.spawn(tokio::time::timeout(DRAIN_TIME, discard(Arc::clone(source))));
    }
}

async fn discard(source: Arc<Source>) {
    let mut total = 0;
    while let Some(Ok(chunk)) = poll_fn(|context| source.lock().poll(context)).await {
        total += chunk.len() as u64;
        if total > DRAIN_BYTES {
            return;
        }
    }
}
