//! The body of a multipart request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use multer::{Field, Multipart};

use super::UploadError;
use crate::http::ApiError;

/// The most bytes the parser may hold without handing any over: part headers, and whatever surrounds the parts.
const MAX_UNREAD: u64 = 8 * 1024 * 1024;

/// How much of a refused upload is still read, and for how long, before the connection is given up.
const DRAIN_BYTES: u64 = 256 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// Extracts a multipart body, whatever its length: limits are those of the form's specification, enforced while
/// streaming. A body of another type is `INVALID_MULTIPART`.
pub struct MultipartBody {
    /// `None` once read to its end, or broken.
    parser: Option<Multipart<'static>>,
    unread: Arc<AtomicU64>,
}

impl<S: Sync> FromRequest<S> for MultipartBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let boundary = content_type
            .and_then(|value| value.to_str().ok())
            .ok_or(UploadError::Malformed(None))?;
        let boundary = multer::parse_boundary(boundary)
            .map_err(|cause| UploadError::Malformed(Some(cause)))?;
        let unread = Arc::new(AtomicU64::new(0));
        let stream = metered(
            request.into_body().into_data_stream().boxed(),
            unread.clone(),
        );
        let parser = Some(Multipart::new(stream, boundary));
        Ok(Self { parser, unread })
    }
}

/// Fails the stream when the parser swallows too much of it at once.
fn metered(
    stream: BoxStream<'static, Result<Bytes, axum::Error>>,
    unread: Arc<AtomicU64>,
) -> impl futures_util::Stream<Item = Result<Bytes, multer::Error>> {
    stream.map(move |chunk| {
        let chunk = chunk.map_err(|error| multer::Error::StreamReadFailed(error.into()))?;
        let before = unread.fetch_add(chunk.len() as u64, Relaxed);
        if before > MAX_UNREAD {
            return Err(multer::Error::StreamSizeExceeded { limit: MAX_UNREAD });
        }
        Ok(chunk)
    })
}

impl MultipartBody {
    /// The next part, or `None` at the end.
    pub(super) async fn next_field(&mut self) -> Result<Option<Field<'static>>, UploadError> {
        self.unread.store(0, Relaxed);
        let Some(parser) = &mut self.parser else {
            return Ok(None);
        };
        let next = parser.next_field().await;
        if !matches!(next, Ok(Some(_))) {
            self.parser = None;
        }
        next.map_err(|cause| UploadError::Malformed(Some(cause)))
    }

    /// The next bytes of a part, or `None` at its end.
    pub(super) async fn chunk(
        &self,
        field: &mut Field<'static>,
    ) -> Result<Option<Bytes>, UploadError> {
        self.unread.store(0, Relaxed);
        let chunk = field.chunk().await;
        chunk.map_err(|cause| UploadError::Malformed(Some(cause)))
    }
}

impl Drop for MultipartBody {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::try_current();
        if let (Some(parser), Ok(runtime)) = (self.parser.take(), runtime) {
            let rest = drain(parser, self.unread.clone());
            runtime.spawn(tokio::time::timeout(DRAIN_TIME, rest));
        }
    }
}

/// Reads and forgets what a client still sends. A client that is cut off while sending often never sees the answer.
async fn drain(mut parser: Multipart<'static>, unread: Arc<AtomicU64>) {
    let mut total = 0;
    while let Ok(Some(mut field)) = parser.next_field().await {
        while let Ok(Some(chunk)) = field.chunk().await {
            unread.store(0, Relaxed);
            total += chunk.len() as u64;
            if total > DRAIN_BYTES {
                return;
            }
        }
    }
}

/// The file name of a part, `None` for a text field. Browsers send UTF-8 as it is, with quotes as `%22` (HTML,
/// multipart/form-data encoding); some libraries send `filename*` (RFC 8187).
pub(super) fn filename(field: &Field<'static>) -> Option<String> {
    if let Some(name) = field.file_name() {
        return Some(
            name.replace("%22", "\"")
                .replace("%0D", "")
                .replace("%0A", " "),
        );
    }
    let header = field.headers().get(CONTENT_DISPOSITION)?;
    let header = String::from_utf8_lossy(header.as_bytes());
    let (_, value) = header.split_once("filename")?;
    let encoded = value
        .strip_prefix('*')
        .and_then(|value| value.split_once("''"));
    let encoded = encoded.map(|(_, encoded)| encoded.split(';').next().unwrap_or_default());
    Some(percent_decode(encoded.unwrap_or_default().trim()))
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = escape.and_then(|digits| hex::decode(digits).ok()?.first().copied());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
