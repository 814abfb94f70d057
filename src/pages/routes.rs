//! Pages as the public reads them.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{service, wire::SitePage};
use crate::{
    app::AppState,
    http::{ApiPath, ApiResult, ErrorBody, alias, cache::Published},
};

/// `GET /pages/slug/{slug}` and its other name.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(page_by_slug))
        .routes(alias::at("/public/pages/{slug}", routes!(page_by_slug)))
}

/// A published page.
#[derive(Serialize, ToSchema)]
struct PublicPage {
    success: bool,
    data: SitePage,
}

/// A published page, by its name.
#[utoipa::path(get, path = "/pages/slug/{slug}", tag = "Content", params(("slug" = String, Path, max_length = 255)),
    responses((status = 200, description = "The page; 304 when unchanged.", body = PublicPage),
              (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn page_by_slug(
    State(state): State<AppState>,
    ApiPath(slug): ApiPath<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let write = |page| Published::json(&PublicPage { success: true, data: SitePage::from(page) });
    Ok(service::published(&state, slug, write).await?.answer(&headers))
}
