//! Every mail there is, with its examples, as a phone and a desktop show it, in light and in dark.
//!
//! | route                              | what                                                |
//! |------------------------------------|-----------------------------------------------------|
//! | `GET /dev/emails`                  | a page of all kinds; `?kind=` shows one of them     |
//! | `GET /dev/emails/{kind}/{example}` | one example as HTML; `?scheme=dark` as in the dark  |
//!
//! What is shown comes from [`Mail::samples`]: a new mail is here as soon as it exists.

mod views;

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    app::AppState,
    http::{ApiError, ApiPath, ApiQuery, ApiResult, ErrorBody},
    mails::Mail,
};

/// Styles of its own and frames of this server; no script.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What a mail may do within its frame.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups";

/// The routes of the gallery, un-prefixed. Mount them on development servers only.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_gallery)).routes(routes!(show_example))
}

/// Which kind to show.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct Choice {
    /// Name of its template; the first one unless given.
    #[param(max_length = 64)]
    #[validate(length(max = 64, message = "Un nom de mail ne dépasse pas 64 caractères."))]
    kind: Option<String>,
}

/// How to show an example.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct Light {
    /// As in the light unless given.
    #[serde(default)]
    #[param(inline)]
    scheme: Scheme,
}

/// What the reader prefers.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Dark text on a light ground.
    #[default]
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// A page of all kinds of mails, with the examples of one.
#[utoipa::path(get, path = "/dev/emails", tag = "Development", params(Choice),
    responses((status = 200, description = "A page to look at mails", content_type = "text/html"),
              (status = 404, description = "No such kind", body = ErrorBody)))]
async fn show_gallery(
    State(state): State<AppState>,
    ApiQuery(choice): ApiQuery<Choice>,
) -> ApiResult<Response> {
    let all = Mail::samples();
    let kind = match choice.kind.as_deref().filter(|kind| !kind.is_empty()) {
        Some(kind) => all.iter().map(Mail::template).find(|known| *known == kind).ok_or_else(unknown)?,
        None => all.first().map(Mail::template).ok_or_else(unknown)?,
    };
    Ok(page(PAGE_POLICY, views::gallery(&state, &all, kind)?))
}

/// One example of a mail, as it would be sent.
#[utoipa::path(get, path = "/dev/emails/{kind}/{example}", tag = "Development",
    params(("kind" = String, Path, max_length = 64, description = "Name of its template"),
           ("example" = u16, Path, maximum = 999, description = "Which example, from 0"), Light),
    responses((status = 200, description = "The HTML part", content_type = "text/html"),
              (status = 404, description = "No such kind, or no such example", body = ErrorBody)))]
async fn show_example(
    State(state): State<AppState>,
    ApiPath((kind, example)): ApiPath<(String, u16)>,
    ApiQuery(light): ApiQuery<Light>,
) -> ApiResult<Response> {
    let mail = Mail::samples().into_iter().filter(|mail| mail.template() == kind).nth(example.into());
    let mail = mail.ok_or_else(unknown)?;
    Ok(page(MAIL_POLICY, views::example(&state, &mail, light.scheme)?))
}

fn page(policy: &'static str, html: String) -> Response {
    let headers = [(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store")];
    (headers, Html(html)).into_response()
}

fn unknown() -> ApiError {
    ApiError::not_found("Ce mail n’existe pas.")
}
