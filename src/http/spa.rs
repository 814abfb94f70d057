//! The built single-page app, served beside the API.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue};
use axum::http::{HeaderMap, Response as HttpResponse, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::cache;
use super::context::{RequestContext, Route};
use super::error::ApiError;
use super::paths::ForSpa;

/// The app loads fonts, icons, avatars and audience measurement from other sites, and inlines their loader.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self';base-uri 'self';object-src 'none';frame-ancestors 'self';\
     form-action 'self' https:;script-src 'self' 'unsafe-inline' https:;style-src 'self' 'unsafe-inline' https:;\
     font-src 'self' https: data:;img-src 'self' https: data: blob:;connect-src 'self' https:;\
     frame-src 'self' https: blob:;worker-src 'self' blob:",
);

/// Names under `assets/` change with their content.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The rest is asked again each time, and mostly answered 304.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Where the app's downloads go whatever the site it is built for: the API of its developers' machine.
const DEVELOPERS_API: &str = "http://localhost:3001/api";

/// Where they should go.
const OUR_API: &str = "/api";

/// The files of a built single-page app.
pub struct Spa {
    files: ServeDir,
    /// Scripts that differ from their file, by path.
    scripts: HashMap<String, Script>,
}

/// A script that calls this server rather than its developers'.
struct Script {
    text: Bytes,
    tag: String,
}

impl Spa {
    /// Serves the files of `directory`, which holds `index.html`. Its scripts are read now, once: those that name the
    /// API of their developers' machine are kept in memory, with ours in its place.
    pub fn new(directory: PathBuf) -> Self {
        let mut scripts = HashMap::new();
        if let Err(error) = mend(&directory, &directory, &mut scripts) {
            tracing::error!(%error, "the scripts of SPA_DIR cannot be read; they are served as they are");
        }
        Self { files: ServeDir::new(directory).precompressed_gzip(), scripts }
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
        if let Some(script) = self.scripts.get(&path) {
            return with_headers(script.answer(request.headers()), REVALIDATE);
        }
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
        let answer: Result<HttpResponse<_>, Infallible> = self.files.clone().oneshot(request).await;
        match answer {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }
}

impl Script {
    fn new(text: String) -> Self {
        let text = Bytes::from(text);
        Self { tag: cache::strong_tag(&text), text }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let tag = [(ETAG, self.tag.clone())];
        match cache::matches(asked, &self.tag) {
            true => (StatusCode::NOT_MODIFIED, tag).into_response(),
            false => (tag, [(CONTENT_TYPE, "text/javascript")], self.text.clone()).into_response(),
        }
    }
}

/// Keeps the scripts of `folder`, below `root`, that have to be mended.
fn mend(root: &Path, folder: &Path, scripts: &mut HashMap<String, Script>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            mend(root, &path, scripts)?;
        } else if path.extension().is_some_and(|kind| kind == OsStr::new("js") || kind == OsStr::new("mjs")) {
            let text = fs::read_to_string(&path)?;
            if let (Ok(below), true) = (path.strip_prefix(root), text.contains(DEVELOPERS_API)) {
                let script = Script::new(text.replace(DEVELOPERS_API, OUR_API));
                scripts.insert(format!("/{}", below.display()), script);
            }
        }
    }
    Ok(())
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
