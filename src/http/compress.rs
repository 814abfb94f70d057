//! Makes answers shorter for those who can read them.

use std::convert::Infallible;

use axum::body::{Body, HttpBody};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderValue, Request as Head, Response as HttpResponse};
use axum::response::Response;
use tower::{Layer, Service, service_fn};
use tower_http::compression::{CompressionLayer, Predicate};

/// Shorter than this, an answer fits in a packet as it is. Bytes.
const WORTHWHILE: u64 = 1024;

/// The response, compressed when it is worth it and the client said that it reads that.
pub(super) async fn shrink(mut response: Response, accepted: Option<HeaderValue>) -> Response {
    if !WorthCompressing.should_compress(&response) {
        return response;
    }
    let Some(accepted) = accepted else {
        // Nothing to choose from, and what the layer would say all the same.
        response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        return response;
    };
    let (mut head, status) = (Head::new(()), response.status());
    head.headers_mut().insert(ACCEPT_ENCODING, accepted);
    let mut response = Some(response);
    // The layer is given a response that is there already: it costs nothing where nothing is compressed.
    let there = service_fn(move |_: Head<()>| {
        std::future::ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    });
    match CompressionLayer::new().compress_when(WorthCompressing).layer(there).call(head).await {
        Ok(mut response) => {
            // To a client that accepts no encoding at all, the layer says 406 about what was already done.
            *response.status_mut() = status;
            tag_encoded(response.map(Body::new))
        }
        Err(never) => match never {},
    }
}

/// Gives a compressed representation its own strong ETag (RFC 9110, section 8.8.3.3).
fn tag_encoded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let tag = headers.get(ETAG).and_then(|value| value.to_str().ok());
    let encoded = encoding
        .zip(tag.and_then(|tag| tag.strip_suffix('"')))
        .map(|(encoding, tag)| format!("{tag}-{encoding}\""));
    if let Some(value) = encoded.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        headers.insert(ETAG, value);
    }
    response
}

/// Text of known length from 1 KiB on: not streams, nor what is compressed already.
#[derive(Clone, Copy)]
struct WorthCompressing;

impl Predicate for WorthCompressing {
    fn should_compress<B: HttpBody>(&self, response: &HttpResponse<B>) -> bool {
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        let is_text = essence.starts_with("text/") && essence != "text/event-stream";
        let is_known = matches!(essence, "application/json" | "application/javascript" | "image/svg+xml");
        (is_text || is_known) && response.body().size_hint().exact().is_some_and(|bytes| bytes >= WORTHWHILE)
    }
}
