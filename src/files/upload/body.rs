//! The body of a multipart request.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use multer::{Field, Multipart};
use percent_encoding::percent_decode_str;

use super::UploadError;
use crate::http::ApiError;

/// The most bytes the parser may hold without handing any over: part headers, and whatever surrounds the parts.
const MAX_UNREAD: u64 = 8 * 1024 * 1024;

/// Uploads may last, but not stand still: longest silence of a client.
const STALLED: Duration = Duration::from_secs(60);

/// How much of a refused upload is still read, and for how long, before the connection is given up.
const DRAIN_BYTES: u64 = 256 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// Extracts a multipart body, whatever its length: limits are those of the form's specification, enforced while
/// streaming. A body of another type is `INVALID_MULTIPART`.
pub struct MultipartBody {
    /// `None` once read to its end, or broken.
    parser: Option<Multipart<'static>>,
    source: Arc<Source>,
}

/// The bytes of the request, shared by the parser and by what drains the rest after a refusal.
struct Source {
    stream: Mutex<BoxStream<'static, Result<Bytes, axum::Error>>>,
    /// Bytes given to the parser since it last gave something back.
    unread: AtomicU64,
    ended: AtomicBool,
}

impl Source {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        if self.ended.load(Relaxed) {
            return Poll::Ready(None);
        }
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let next = stream.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.ended.store(true, Relaxed);
        }
        next
    }
}

impl<S: Sync> FromRequest<S> for MultipartBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type =
            content_type.and_then(|value| value.to_str().ok()).ok_or(UploadError::Malformed(None))?;
        let boundary =
            multer::parse_boundary(content_type).map_err(|cause| UploadError::Malformed(Some(cause)))?;
        let source = Arc::new(Source {
            stream: Mutex::new(request.into_body().into_data_stream().boxed()),
            unread: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let parser = Some(Multipart::new(metered(source.clone()), boundary));
        Ok(Self { parser, source })
    }
}

/// The source as the parser sees it: fails when the parser swallows too much at once.
fn metered(source: Arc<Source>) -> impl Stream<Item = Result<Bytes, multer::Error>> {
    stream::poll_fn(move |context| {
        let next = source.poll(context);
        let unread = source.unread.load(Relaxed);
        if let Poll::Ready(Some(Ok(chunk))) = &next {
            source.unread.store(unread + chunk.len() as u64, Relaxed);
            if unread > MAX_UNREAD {
                return Poll::Ready(Some(Err(multer::Error::StreamSizeExceeded { limit: MAX_UNREAD })));
            }
        }
        next.map_err(|error| multer::Error::StreamReadFailed(error.into()))
    })
}

impl MultipartBody {
    /// The next part, or `None` at the end.
    pub(super) async fn next_field(&mut self) -> Result<Option<Field<'static>>, UploadError> {
        self.source.unread.store(0, Relaxed);
        let Some(parser) = &mut self.parser else {
            return Ok(None);
        };
        let next = patiently(parser.next_field()).await?;
        if !matches!(next, Ok(Some(_))) {
            self.parser = None;
        }
        next.map_err(|cause| UploadError::Malformed(Some(cause)))
    }

    /// The next bytes of a part, never an empty piece, or `None` at its end.
    pub(super) async fn chunk(&self, field: &mut Field<'static>) -> Result<Option<Bytes>, UploadError> {
        loop {
            self.source.unread.store(0, Relaxed);
            let chunk = patiently(field.chunk()).await?;
            let chunk = chunk.map_err(|cause| UploadError::Malformed(Some(cause)))?;
            if chunk.as_ref().is_none_or(|chunk| !chunk.is_empty()) {
                return Ok(chunk);
            }
        }
    }
}

/// Gives up on a client that sends nothing for [`STALLED`].
async fn patiently<T>(wait: impl Future<Output = T>) -> Result<T, UploadError> {
    let result = tokio::time::timeout(STALLED, wait).await;
    result.map_err(|_| UploadError::Stalled)
}

impl Drop for MultipartBody {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::try_current();
        if let (false, Ok(runtime)) = (self.source.ended.load(Relaxed), runtime) {
            let rest = drain(self.source.clone());
            runtime.spawn(tokio::time::timeout(DRAIN_TIME, rest));
        }
    }
}

/// Reads and forgets what a client still sends. A client that is cut off while sending often never sees the answer.
async fn drain(source: Arc<Source>) {
    let mut total = 0;
    while let Some(Ok(chunk)) = poll_fn(|context| source.poll(context)).await {
        total += chunk.len() as u64;
        if total > DRAIN_BYTES {
            return;
        }
    }
}

/// The file name of a part, `None` for a text field. Browsers send UTF-8 as it is, with quotes as `%22` (HTML,
/// multipart/form-data encoding); some libraries send `filename*` (RFC 8187).
pub(super) fn filename(field: &Field<'static>) -> Option<String> {
    if let Some(name) = field.file_name() {
        return Some(name.replace("%22", "\"").replace("%0D", "").replace("%0A", " "));
    }
    let header = field.headers().get(CONTENT_DISPOSITION)?;
    let header = String::from_utf8_lossy(header.as_bytes());
    let (_, value) = header.split_once("filename")?;
    let encoded = value.strip_prefix('*').and_then(|value| value.split_once("''"));
    let encoded = encoded.map(|(_, encoded)| encoded.split(';').next().unwrap_or_default());
    let name = percent_decode_str(encoded.unwrap_or_default().trim()).decode_utf8_lossy();
    Some(name.into_owned())
}
