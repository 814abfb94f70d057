//! Single messages, and finding them.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{MessageChanged, MessagesUpdated};
use crate::{
    app::AppState,
    auth::{Admin, Session},
    http::{
        ApiError, ApiJson, ApiQuery, ApiResult, ErrorBody, PathId,
        list::{NeighbourPagination, Paging, Words},
    },
    messages::{
        search,
        verbs::{self, Change},
        wire::FoundMessage,
    },
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(bulk))
        .routes(routes!(read))
        .routes(routes!(archive))
        .routes(routes!(update, remove))
}

/// Words to look for.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// Every word must stand in the message; words of less than three letters are not looked for.
    #[param(max_length = 100)]
    q: Option<String>,
}

/// A page of messages that were found.
#[derive(Serialize, ToSchema)]
struct FoundPage {
    messages: Vec<FoundMessage>,
    pagination: NeighbourPagination,
}

/// The messages of the caller's conversations (of all, for administrators) in which every word stands, most relevant first.
#[utoipa::path(get, path = "/messages/search", tag = "Messaging", params(Paging<20, 100>, SearchQuery),
    security(("bearer" = [])),
    responses((status = 200, body = FoundPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn find(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<20, 100>,
    ApiQuery(query): ApiQuery<SearchQuery>,
) -> ApiResult<Json<FoundPage>> {
    let words = Words::read("q", query.q.as_deref())?;
    let found = search::search(&state, &user, &words, page).await?;
    Ok(Json(FoundPage {
        messages: FoundMessage::all(&state, found.shown, user.id),
        pagination: found.place.into(),
    }))
}

/// Marks a message read, for the side it was written to.
#[utoipa::path(put, path = "/messages/{id}/read", tag = "Messaging", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = MessagesUpdated), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn read(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<MessagesUpdated>> {
    let change = Change { read: Some(true), ..Change::default() };
    let updated_count = verbs::change(&state, &user, &[id], change).await?;
    Ok(Json(MessagesUpdated { message: "Le message est marqué comme lu.", updated_count }))
}

/// Archives a message, for the caller's side alone.
#[utoipa::path(put, path = "/messages/{id}/archive", tag = "Messaging", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = MessageChanged), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn archive(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<MessageChanged>> {
    let change = Change { archived: Some(true), ..Change::default() };
    verbs::change(&state, &user, &[id], change).await?;
    Ok(Json(MessageChanged { message: "Le message est archivé." }))
}

/// Removes a message from the sight of the caller's side; the other side keeps it.
#[utoipa::path(delete, path = "/messages/{id}", tag = "Messaging", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = MessageChanged), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn remove(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<MessageChanged>> {
    verbs::change(&state, &user, &[id], Change { removed: true, ..Change::default() }).await?;
    Ok(Json(MessageChanged { message: "Le message est supprimé." }))
}

/// What to change about a message, on the caller's side. Its words stay as they were sent.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MessageUpdateBody {
    is_read: Option<bool>,
    is_archived: Option<bool>,
    /// Administrators only.
    is_pinned: Option<bool>,
}

/// Marks a message read or unread, archives it or takes it out, pins it.
#[utoipa::path(put, path = "/messages/{id}", tag = "Messaging", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body = MessageUpdateBody,
    responses((status = 200, body = MessageChanged), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn update(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
    ApiJson(body): ApiJson<MessageUpdateBody>,
) -> ApiResult<Json<MessageChanged>> {
    let change =
        Change { read: body.is_read, archived: body.is_archived, pinned: body.is_pinned, removed: false };
    verbs::change(&state, &user, &[id], change).await?;
    Ok(Json(MessageChanged { message: "Le message est modifié." }))
}

/// What to do to messages.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BulkKind {
    /// `value`: read, or unread again.
    Read,
    /// `value`: archived, or taken out.
    Archive,
    Delete,
    /// `value`: pinned, or not any more.
    Pin,
}

/// What to do to messages.
#[derive(Debug, Deserialize, ToSchema)]
struct BulkAction {
    #[serde(rename = "type")]
    kind: BulkKind,
    /// `true` where it is left out.
    value: Option<bool>,
}

/// Messages, and what to do to them.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BulkBody {
    #[schema(min_items = 1, max_items = 100)]
    #[validate(length(min = 1, max = 100, message = "Choisissez de 1 à 100 messages."))]
    message_ids: Vec<Uuid>,
    action: BulkAction,
}

/// Does the same to several messages, all of them or none.
#[utoipa::path(post, path = "/messages/bulk", tag = "Messaging", security(("bearer" = [])), request_body = BulkBody,
    responses((status = 200, body = MessagesUpdated), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn bulk(
    State(state): State<AppState>,
    Admin(user): Admin,
    ApiJson(body): ApiJson<BulkBody>,
) -> ApiResult<Json<MessagesUpdated>> {
    let value = Some(body.action.value.unwrap_or(true));
    let change = match body.action.kind {
        BulkKind::Read => Change { read: value, ..Change::default() },
        BulkKind::Archive => Change { archived: value, ..Change::default() },
        BulkKind::Pin => Change { pinned: value, ..Change::default() },
        BulkKind::Delete => Change { removed: true, ..Change::default() },
    };
    let mut ids = body.message_ids;
    // Locked in one order, whoever asks.
    ids.sort_unstable();
    ids.dedup();
    verbs::change(&state, &user, &ids, change).await?;
    let updated_count = u64::try_from(ids.len()).map_err(ApiError::internal)?;
    Ok(Json(MessagesUpdated { message: "Les messages sont modifiés.", updated_count }))
}
