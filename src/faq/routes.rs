//! The public questions.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::{Faq, service, wire::FaqEntry};
use crate::{
    app::AppState,
    http::{ApiQuery, ApiResult, ErrorBody, alias, cache::Published},
};

/// `GET /faq` and its other name.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_faq)).routes(alias::at("/public/faq", routes!(list_faq)))
}

/// Which questions to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct FaqQuery {
    /// Only those under this heading.
    #[param(max_length = 100)]
    #[validate(length(max = 100, message = "La catégorie ne peut pas dépasser 100 caractères."))]
    categorie: Option<String>,
    /// Whatever it says, hidden questions stay hidden.
    #[param(max_length = 10)]
    #[allow(dead_code, reason = "the web application sends it")]
    visible: Option<String>,
}

/// The frequent questions.
#[derive(Serialize, ToSchema)]
struct FaqList {
    success: bool,
    data: Vec<FaqEntry>,
    message: &'static str,
}

/// The visible questions, in order.
#[utoipa::path(get, path = "/faq", tag = "Content", params(FaqQuery),
    responses((status = 200, description = "The visible questions; 304 when unchanged.", body = FaqList),
              (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn list_faq(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<FaqQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let list = |entries: Vec<Faq>| {
        let data = entries.into_iter().map(FaqEntry::from).collect();
        Published::json(&FaqList { success: true, data, message: "Questions récupérées avec succès." })
    };
    let categorie = query.categorie.unwrap_or_default();
    Ok(service::published(&state, categorie, list).await?.answer(&headers))
}
