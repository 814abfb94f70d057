//! The name of a request: the one our own proxy gave it, else a new one.

use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue};

/// The header that carries the request id, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id taken over from a proxy, in bytes.
const MAX_LENGTH: usize = 64;

/// The id a proxy gave the request: at most 64 characters of `[A-Za-z0-9._-]`.
pub fn incoming(headers: &HeaderMap) -> Option<&str> {
    headers.get(X_REQUEST_ID)?.to_str().ok().filter(|id| is_well_formed(id))
}

/// Names the response after its request.
pub fn echo(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, value);
    }
}

fn is_well_formed(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !id.is_empty() && id.len() <= MAX_LENGTH && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        assert!(is_well_formed("a.B-9_z"));
        assert!(is_well_formed(&"a".repeat(64)));
        for bad in ["", "a b", "a\"b", "é", &"a".repeat(65)] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
