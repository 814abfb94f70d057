//! Objects given back: as attachments, save images, never cached by anyone between, resumable.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};

use super::names;
use super::storage::StoredFile;
use crate::http::{ApiError, disposition};

/// What is known of the file beside its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    /// The name the browser saves it under.
    pub filename: &'a str,
    /// The stored type, as decided at upload.
    pub mime: &'a str,
    /// SHA-256 in hexadecimal, when it is known: identifies the content across interrupted downloads.
    pub sha256: Option<&'a str>,
    /// Whether the browser may show it, when it is a raster image: nothing else ever is shown.
    pub shown: bool,
}

/// What an image opened by itself may do: be seen.
const IMAGE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Whether these are images that browsers show and that hold no script.
pub fn is_raster(mime: &str) -> bool {
    matches!(mime, "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/bmp")
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Everything,
    /// First byte and length.
    Part(u64, u64),
    Unsatisfiable,
}

/// Builds the answer to a download: 200 with the whole object, 206 with the range the request asks for,
/// or the error 416 `RANGE_NOT_SATISFIABLE`.
pub async fn respond(
    object: StoredFile,
    description: Description<'_>,
    request: &HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let total = object.len();
    let etag = description.sha256.map(|hash| format!("\"{hash}\""));
    let (status, start, length) = match wanted(request, etag.as_deref(), total) {
        Wanted::Everything => (StatusCode::OK, 0, total),
        Wanted::Part(start, length) => (StatusCode::PARTIAL_CONTENT, start, length),
        Wanted::Unsatisfiable => return Err(unsatisfiable(total)),
    };
    let stream = object.into_stream(start, length).await?;
    let mut response = Response::new(Body::from_stream(stream));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(headers, &description, etag.as_deref());
    headers.insert(header::CONTENT_LENGTH, length.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {start}-{}/{total}", start + length - 1);
        insert(headers, header::CONTENT_RANGE, &range);
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, description: &Description<'_>, etag: Option<&str>) {
    // Imported names were never cleaned.
    let filename = names::clean(description.filename);
    if description.shown && is_raster(description.mime) {
        headers.insert(header::CONTENT_DISPOSITION, disposition::inline(&filename));
        headers.insert(header::CONTENT_SECURITY_POLICY, IMAGE_POLICY);
    } else {
        headers.insert(header::CONTENT_DISPOSITION, disposition::attachment(&filename));
    }
    insert(headers, header::CONTENT_TYPE, description.mime);
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::CACHE_CONTROL, "private, no-store");
    insert(headers, header::ACCEPT_RANGES, "bytes");
    if let Some(etag) = etag {
        insert(headers, header::ETAG, etag);
    }
}

/// Sets a header; a value that cannot be one (from an imported row) is served without a type.
fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    let fallback = || HeaderValue::from_static("application/octet-stream");
    let value = HeaderValue::from_str(value).unwrap_or_else(|_| fallback());
    headers.insert(name, value);
}

fn unsatisfiable(total: u64) -> ApiError {
    let error = ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "RANGE_NOT_SATISFIABLE",
        "La partie demandée du fichier n'existe pas.",
    );
    // infallible: digits and ASCII punctuation
    match HeaderValue::from_str(&format!("bytes */{total}")) {
        Ok(range) => error.header(header::CONTENT_RANGE, range),
        Err(_) => error,
    }
}

/// Reads `Range` and `If-Range` (RFC 9110 13.1.5, 14.2). Several ranges, other units and nonsense mean everything,
/// as the standard allows.
fn wanted(request: &HeaderMap, etag: Option<&str>, total: u64) -> Wanted {
    let value = |name| request.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let same = match value(header::IF_RANGE) {
        Some(condition) => Some(condition) == etag,
        None => !request.contains_key(header::IF_RANGE),
    };
    value(header::RANGE)
        .filter(|_| same)
        .and_then(|range| parse_range(range, total))
        .unwrap_or(Wanted::Everything)
}

fn parse_range(range: &str, total: u64) -> Option<Wanted> {
    let ranges = parse_range_header(range.trim()).ok().filter(|ranges| ranges.len() == 1)?;
    match ranges.validate(total) {
        Ok(valid) => valid.first().map(|range| Wanted::Part(*range.start(), range.end() - range.start() + 1)),
        Err(RangeUnsatisfiableError::Unsatisfiable) => Some(Wanted::Unsatisfiable),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        use Wanted::{Part, Unsatisfiable};
        for (range, expected) in [
            ("bytes=0-0", Some(Part(0, 1))),
            ("bytes=2-", Some(Part(2, 8))),
            ("bytes=-3", Some(Part(7, 3))),
            ("bytes=-99", Some(Part(0, 10))),
            ("bytes=5-99", Some(Part(5, 5))),
            ("bytes=10-", Some(Unsatisfiable)),
            ("bytes=-0", Some(Unsatisfiable)),
            ("bytes=5-2", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+1-2", None),
            ("lines=0-1", None),
            ("Bytes=0-1", Some(Part(0, 2))),
            ("bytes=0-99999999999999999999999", Some(Part(0, 10))),
        ] {
            assert_eq!(parse_range(range, 10), expected, "{range}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Some(Unsatisfiable));
        assert_eq!(parse_range("bytes=-5", 0), None);
    }
}
