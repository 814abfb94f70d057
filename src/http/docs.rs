//! `/openapi.json` and `/docs`, from the annotations of the handlers.

mod bodies;
mod refusals;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use axum::Extension;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, PathItem, Server};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    cache,
    error::{ApiError, ApiResult},
};

/// The reference's script, gzip. Where it comes from: `assets/docs/README.md`.
const SCRIPT: &[u8] = include_bytes!("../../assets/docs/scalar-1.72.1.js.gz");

/// The script draws with inline styles, and everything else is this server's: the requests that people try too.
const POLICY: &str = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';\
script-src 'self';style-src 'self' 'unsafe-inline';font-src 'self' data:;img-src 'self' data:;connect-src 'self'";

/// The page reads the document beside it, so the document exists once. It has no font, button or link of the vendor's.
/// The script's digest is in its address, which may therefore be kept for ever.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Staka Livres API</title>
  <link rel="icon" href="data:,">
  <style>a[href*="scalar.com"] { display: none !important }</style>
</head>
<body>
  <noscript>The API is described in <a href="openapi.json">openapi.json</a>.</noscript>
  <script id="api-reference" data-url="openapi.json" data-configuration='{
    "withDefaultFonts": false, "telemetry": false, "hideClientButton": true, "showDeveloperTools": "never",
    "agent": {"disabled": true}, "mcp": {"disabled": true}, "defaultOpenFirstTag": false
  }'></script>
  <script src="docs/scalar.js?DIGEST"></script>
</body>
</html>
"#;

/// The document the modules add their paths to: title, servers, and the `bearer` security scheme.
pub fn base() -> OpenApi {
    let mut components = Components::new();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/"), Server::new("/api")]))
        .components(Some(components))
        .build()
}

/// Names every operation after its method and path: handlers of different modules are often called alike,
/// and generators of clients need names that are unique.
pub fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_name(method, path));
        }
    }
}

/// Adds what operations refuse for reasons that are not their own.
pub fn describe_refusals(document: &mut OpenApi) {
    refusals::attach(document);
}

/// Tells which bodies may be left out.
pub fn describe_bodies(document: &mut OpenApi) {
    bodies::tell_optional(document);
}

/// Says what the operations of each tag are about, in this order; tags of no operation are left out.
pub fn describe_tags(document: &mut OpenApi, tags: &[(&str, &str)]) {
    let items = document.paths.paths.values_mut().flat_map(operations);
    let used: BTreeSet<String> =
        items.flat_map(|(_, operation)| operation.tags.clone().unwrap_or_default()).collect();
    let described = tags
        .iter()
        .filter(|(name, _)| used.contains(*name))
        .map(|(name, about)| TagBuilder::new().name(*name).description(Some(*about)).build());
    document.tags = Some(described.collect());
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
        ("head", &mut item.head),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// `get` and `/files/{id}/stats` as `get_files_id_stats`.
fn operation_name(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn info() -> Info {
    let mut info = Info::new("Staka Livres", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The API of Staka Livres: manuscripts are ordered to be corrected, paid, followed and invoiced.\n\n\
         Every path also answers below `/api`. Money is integer euro cents, instants are ISO 8601 in UTC, and what \
         people read is in French."
            .to_owned(),
    );
    info
}

/// The finished document, filled in once every route is known.
#[derive(Debug, Clone, Default)]
pub struct Document(Arc<OnceLock<Bytes>>);

impl Document {
    /// Makes `document` what `/openapi.json` answers. The first call wins.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn publish(&self, document: &OpenApi) -> anyhow::Result<()> {
        let json = serde_json::to_vec(document)?;
        let _ = self.0.set(json.into());
        Ok(())
    }
}

/// The routes of this module. They describe themselves too, hence the late [`Document::publish`].
pub fn router<S: Clone + Send + Sync + 'static>(document: Document) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(openapi))
        .routes(routes!(page))
        .routes(routes!(script))
        .layer(Extension(document))
}

/// This description, OpenAPI 3.1.
#[utoipa::path(get, path = "/openapi.json", tag = "System", responses((status = 200, content_type = "application/json")))]
async fn openapi(Extension(document): Extension<Document>) -> ApiResult<Response> {
    let json = document.0.get().cloned().ok_or_else(ApiError::unavailable)?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], json).into_response())
}

/// Interactive reference.
#[utoipa::path(get, path = "/docs", tag = "System", responses((status = 200, content_type = "text/html")))]
async fn page() -> Response {
    let page = PAGE.replace("DIGEST", SCRIPT_TAG.trim_matches('"'));
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response()
}

/// The strong ETag of [`SCRIPT`].
static SCRIPT_TAG: LazyLock<String> = LazyLock::new(|| cache::strong_tag(SCRIPT));

/// The script of the interactive reference, gzip whatever the client prefers.
#[utoipa::path(get, path = "/docs/scalar.js", tag = "System", responses((status = 200, content_type = "text/javascript"),
    (status = 304, description = "Not changed")))]
async fn script(headers: HeaderMap) -> Response {
    let kept = [(CACHE_CONTROL, "public, max-age=31536000, immutable"), (ETAG, SCRIPT_TAG.as_str())];
    if cache::matches(&headers, &SCRIPT_TAG) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    let form = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CONTENT_ENCODING, "gzip")];
    (kept, form, SCRIPT).into_response()
}
