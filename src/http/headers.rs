//! The headers every response carries.

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName, HeaderValue};

/// The policy of helmet 7. A page that needs another one sets its own header.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self';base-uri 'self';font-src 'self' https: data:;\
form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';\
script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests";

/// The set helmet 7 sends by default.
static SECURITY: [(HeaderName, HeaderValue); 12] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=15552000; includeSubDomains")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
    (HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("0")),
];

/// Headers added on the way out at most: these, and those of the other layers.
const ADDED: usize = 24;

/// Adds the security headers a response lacks, and keeps JSON that is for one person out of every cache.
pub(super) fn finish(headers: &mut HeaderMap, personal: bool) {
    headers.reserve(ADDED);
    if personal && is_json(headers) {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    for (name, value) in &SECURITY {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}
