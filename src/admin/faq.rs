//! `/admin/faq`: the questions, visible or not.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    app::AppState,
    auth::Admin,
    faq::{
        service::{self, Change},
        store::Filter,
        wire::FaqEntry,
    },
    http::{
        ApiJson, ApiQuery, ApiResult, ErrorBody, PathId,
        extract::given,
        list::{ItemPagination, Paging, SuccessList, Words, flag},
    },
};

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(one, update, delete))
}

/// Which questions to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct AdminFaqQuery {
    /// Words of the question, the answer or the details.
    #[param(max_length = 100)]
    search: Option<String>,
    /// `true`: seen by the public; anything else: hidden.
    #[param(max_length = 10)]
    visible: Option<String>,
    /// Only those under this heading.
    #[param(max_length = 100)]
    #[validate(length(max = 100, message = "La catégorie ne peut pas dépasser 100 caractères."))]
    categorie: Option<String>,
}

/// One question.
#[derive(Serialize, ToSchema)]
struct FaqAnswer {
    success: bool,
    data: FaqEntry,
    message: &'static str,
}

/// A question that is gone.
#[derive(Serialize, ToSchema)]
struct RemovedFaq {
    id: Uuid,
    question: String,
}

/// What was removed.
#[derive(Serialize, ToSchema)]
struct FaqRemoval {
    success: bool,
    message: &'static str,
    data: RemovedFaq,
}

/// What a question shall be; what is absent stays as it is.
#[derive(Deserialize, Validate, ToSchema)]
struct FaqBody {
    #[schema(min_length = 5, max_length = 2_000)]
    question: Option<String>,
    #[schema(min_length = 10, max_length = 50_000)]
    answer: Option<String>,
    /// More of the answer; nothing when empty.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 10_000)]
    details: Option<Option<String>>,
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    ordre: Option<i32>,
    visible: Option<bool>,
    #[schema(min_length = 2, max_length = 100)]
    categorie: Option<String>,
}

impl From<FaqBody> for Change {
    fn from(body: FaqBody) -> Self {
        Self {
            question: body.question,
            answer: body.answer,
            details: body.details,
            ordre: body.ordre,
            visible: body.visible,
            categorie: body.categorie,
        }
    }
}

/// All questions, by rank, then the newest first.
#[utoipa::path(get, path = "/faq", tag = "Administration", security(("bearer" = [])),
    params(Paging<10, 100>, AdminFaqQuery),
    responses((status = 200, body = SuccessList<FaqEntry, ItemPagination>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<10, 100>,
    ApiQuery(query): ApiQuery<AdminFaqQuery>,
) -> ApiResult<Json<SuccessList<FaqEntry, ItemPagination>>> {
    let filter = Filter {
        words: Words::read("search", query.search.as_deref())?,
        visible: flag(query.visible.as_deref()),
        categorie: query.categorie.filter(|text| !text.is_empty()),
    };
    let listing = service::list(&state, &filter, page).await?;
    Ok(Json(SuccessList::new(listing.map(FaqEntry::from), "Questions récupérées avec succès.")))
}

/// One question.
#[utoipa::path(get, path = "/faq/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = FaqAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn one(State(state): State<AppState>, _: Admin, PathId(id): PathId) -> ApiResult<Json<FaqAnswer>> {
    let data = service::one(&state, id).await?.into();
    Ok(Json(FaqAnswer { success: true, data, message: "Question récupérée avec succès." }))
}

/// Adds a question.
#[utoipa::path(post, path = "/faq", tag = "Administration", security(("bearer" = [])), request_body = FaqBody,
    responses((status = 201, body = FaqAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn create(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiJson(body): ApiJson<FaqBody>,
) -> ApiResult<(StatusCode, Json<FaqAnswer>)> {
    let data = service::create(&state, &admin.email, &body.into()).await?.into();
    let answer = FaqAnswer { success: true, data, message: "La question est ajoutée." };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Changes a question: only what is sent.
#[utoipa::path(put, path = "/faq/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = FaqBody,
    responses((status = 200, body = FaqAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn update(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<FaqBody>,
) -> ApiResult<Json<FaqAnswer>> {
    let data = service::update(&state, &admin.email, id, &body.into()).await?.into();
    Ok(Json(FaqAnswer { success: true, data, message: "La question est modifiée." }))
}

/// Removes a question.
#[utoipa::path(delete, path = "/faq/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = FaqRemoval), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn delete(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<FaqRemoval>> {
    let gone = service::delete(&state, &admin.email, id).await?;
    let data = RemovedFaq { id: gone.id, question: gone.question };
    Ok(Json(FaqRemoval { success: true, message: "La question est supprimée.", data }))
}
