//! The body of a multipart request.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use multer::{Field, Multipart};
use percent_encoding::percent_decode_str;

use super::UploadError;
use super::source::{self, Source};
use crate::http::{ApiError, Bounds, RequestContext};

/// The most parts of a form, whatever they carry.
const MAX_PARTS: usize = 64;

/// The most bytes the headers of one part may have.
const MAX_PART_HEADERS: usize = 16 * 1024;

/// Extracts a multipart body and moves the request to a place for uploads. Limits are those of the form's specification,
/// enforced while streaming.
///
/// # Errors
/// 415 for another type, 400 `INVALID_MULTIPART` without a boundary, 503 when too many forms are on their way.
pub struct MultipartBody {
    /// `None` once read to its end, or broken.
    parser: Option<Multipart<'static>>,
    source: Arc<Source>,
    /// What the client says that it sends, in bytes.
    declared: Option<u64>,
    parts: usize,
}

impl<S: Sync> FromRequest<S> for MultipartBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let boundary = boundary(request.headers())?;
        let declared =
            request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let context = RequestContext::current();
        let bounds = context.as_ref().map_or_else(Bounds::default, |context| context.bounds().clone());
        if let Some(context) = context {
            context.move_to_uploads()?;
        }
        let source = Arc::new(Source::new(request.into_body(), &bounds));
        let parser = Some(Multipart::new(source::paced(Arc::clone(&source)), boundary));
        Ok(Self { parser, source, declared, parts: 0 })
    }
}

fn boundary(headers: &HeaderMap) -> Result<String, UploadError> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    multer::parse_boundary(declared).map_err(|cause| match cause {
        multer::Error::NoBoundary => UploadError::Malformed(Some(cause)),
        _ => UploadError::NoForm,
    })
}

impl MultipartBody {
    /// Refuses a form of more than `bytes`, at once when it says so itself.
    pub(super) fn limit(&self, bytes: u64) -> Result<(), UploadError> {
        self.source.limit(bytes);
        match self.declared {
            Some(declared) if declared > bytes => Err(UploadError::FormTooLarge { limit: bytes }),
            _ => Ok(()),
        }
    }

    /// The next part, or `None` at the end.
    pub(super) async fn next_field(&mut self) -> Result<Option<Field<'static>>, UploadError> {
        let Some(parser) = &mut self.parser else {
            return Ok(None);
        };
        self.source.progressed();
        let next = parser.next_field().await;
        if !matches!(next, Ok(Some(_))) {
            self.parser = None;
        }
        let Some(field) = next? else { return Ok(None) };
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(UploadError::TooManyFields);
        }
        match headers_size(&field) {
            0..=MAX_PART_HEADERS => Ok(Some(field)),
            _ => Err(UploadError::Malformed(None)),
        }
    }

    /// The next bytes of a part, never an empty piece, or `None` at its end.
    pub(super) async fn chunk(&self, field: &mut Field<'static>) -> Result<Option<Bytes>, UploadError> {
        loop {
            self.source.progressed();
            let chunk = field.chunk().await?;
            if chunk.as_ref().is_none_or(|chunk| !chunk.is_empty()) {
                return Ok(chunk);
            }
        }
    }
}

impl Drop for MultipartBody {
    fn drop(&mut self) {
        source::drain(&self.source);
    }
}

fn headers_size(field: &Field<'static>) -> usize {
    field.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
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
