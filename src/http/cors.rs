//! Which pages of other sites may call the API (the CORS protocol of the Fetch standard).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_DISPOSITION, HeaderName, ORIGIN, RETRY_AFTER, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request as Head};
use axum::response::Response;
use futures_util::FutureExt;
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;

/// The sites whose pages may call, and what is said to them.
pub(super) struct Cors {
    layer: CorsLayer,
    /// What is said to those who come from no other site, which is most of them and always the same.
    at_home: HeaderMap,
}

impl Cors {
    pub(super) fn new(origins: &[HeaderValue]) -> Self {
        let layer = layer(origins);
        let said = complete(&layer, Head::new(()), Response::default()).now_or_never();
        Self { layer, at_home: said.unwrap_or_default().headers().clone() }
    }

    /// Whether a browser asks if it may ask.
    pub(super) fn is_preflight(request: &Request) -> bool {
        *request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The answer to such a question, which has these headers.
    pub(super) async fn preflight(&self, headers: HeaderMap) -> Response {
        let mut head = Head::new(());
        *head.method_mut() = Method::OPTIONS;
        *head.headers_mut() = headers;
        complete(&self.layer, head, Response::default()).await
    }

    /// Tells the page of `origin`, if any, whether it may read `response`.
    pub(super) async fn allow(&self, origin: Option<HeaderValue>, mut response: Response) -> Response {
        let Some(origin) = origin else {
            add(response.headers_mut(), &self.at_home);
            return response;
        };
        let mut head = Head::new(());
        head.headers_mut().insert(ORIGIN, origin);
        complete(&self.layer, head, response).await
    }
}

fn layer(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("x-total-count"),
            CONTENT_DISPOSITION,
            RETRY_AFTER,
            X_REQUEST_ID,
        ])
        .max_age(Duration::from_secs(600))
}

/// What the layer makes of a response that is there already.
async fn complete(layer: &CorsLayer, head: Head<()>, response: Response) -> Response {
    let mut response = Some(response);
    let there = service_fn(move |_: Head<()>| {
        std::future::ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    });
    match layer.layer(there).call(head).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn add(headers: &mut HeaderMap, more: &HeaderMap) {
    for (name, value) in more {
        // A response may vary by more than its origin.
        match *name {
            VARY => drop(headers.append(VARY, value.clone())),
            _ => drop(headers.insert(name, value.clone())),
        }
    }
}
