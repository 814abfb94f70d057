//! The built single-page app, served beside the API.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use axum::http::{Response as HttpResponse, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::context::{RequestContext, Route};
use super::error::ApiError;
use super::paths::ForSpa;

/// The app loads fonts, icons, avatars and audience measurement from other sites, and inlines their loader.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self';base-uri 'self';object-src 'none';frame-ancestors 'self';\
     form-action 'self' https:;script-src 'self' 'unsafe-inline' https:;style-src 'self' 'unsafe-inline' https:;\
     font-src 'self' https: data:;img-src 'self' https: data: blob:;connect-src 'self' https: http://localhost:3001;\
     frame-src 'self' https: blob:;worker-src 'self' blob:",
);

/// Names under `assets/` change with their content.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The rest is asked again each time, and mostly answered 304.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The files of a built single-page app.
pub struct Spa(ServeDir);

impl Spa {
    /// Serves the files of `directory`, which holds `index.html`.
    pub fn new(directory: PathBuf) -> Self {
        Self(ServeDir::new(directory).precompressed_gzip())
    }

    /// Whether [`super::paths`] marked the request as the app's.
    pub(super) fn wants(request: &Request) -> bool {
        request.extensions().get::<ForSpa>().is_some()
    }

    /// The file, or the page that draws itself.
    pub(super) async fn answer(&self, request: Request) -> Response {
        if let Some(context) = request.extensions().get::<Arc<RequestContext>>() {
            context.set_route(Route::Named("spa"));
        }
        let path = request.uri().path().to_owned();
        let navigation = is_navigation(&request);
        let found = self.file(request).await;
        if found.status() != StatusCode::NOT_FOUND {
            let cache = if path.starts_with("/assets/") { FOREVER } else { REVALIDATE };
            return with_headers(found, cache);
        }
        if !navigation {
            return ApiError::not_found("Fichier introuvable.").into_response();
        }
        let index = Request::builder().uri(Uri::from_static("/index.html")).body(Body::empty());
        match index {
            Ok(index) => with_headers(self.file(index).await, REVALIDATE),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }

    async fn file(&self, request: Request) -> Response {
        let answer: Result<HttpResponse<_>, Infallible> = self.0.clone().oneshot(request).await;
        match answer {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }
}

/// A page of the app, which draws it itself, as opposed to a file that is missing.
fn is_navigation(request: &Request) -> bool {
    let names_file = request.uri().path().rsplit('/').next().is_some_and(|name| name.contains('.'));
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html")) || !names_file
}

fn with_headers(mut response: Response, cache: HeaderValue) -> Response {
    if response.status().is_client_error() || response.status().is_server_error() {
        return ApiError::not_found("Fichier introuvable.").into_response();
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, cache);
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}
