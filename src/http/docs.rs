//! `/openapi.json` and `/docs`, from the annotations of the handlers.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, Server};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ApiError, ApiResult};

/// The reference's script comes from a public CDN, and draws the page with inline styles.
const POLICY: &str = "default-src 'self';base-uri 'self';object-src 'none';frame-ancestors 'self';\
script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net;style-src 'self' 'unsafe-inline' https:;\
font-src 'self' https: data:;img-src 'self' https: data: blob:;connect-src 'self' https://cdn.jsdelivr.net;\
worker-src 'self' blob:";

/// The page reads the document beside it, so the document exists once.
const PAGE: &str = r#"<!doctype html>
<html lang="fr">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Staka Livres - API</title>
</head>
<body>
  <noscript>La description de l'API se trouve dans <a href="openapi.json">openapi.json</a>.</noscript>
  <script id="api-reference" data-url="openapi.json"></script>
  <script src="https://cdn.jsdelivr.net/npm/@scalar/api-reference@1"></script>
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
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
            ("head", &mut item.head),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_name(method, path));
            }
        }
    }
}

/// `get` and `/files/{id}/stats` as `get_files_id_stats`.
fn operation_name(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn info() -> Info {
    let mut info = Info::new("Staka Livres", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "API de Staka Livres : correction de manuscrits, commande, paiement, suivi et facturation."
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
    OpenApiRouter::new().routes(routes!(openapi)).routes(routes!(page)).layer(Extension(document))
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
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}
