use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema, openapi::HttpMethod};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{
    Kind, Priority, service,
    store::{Filter, Notification},
};
use crate::{
    app::AppState,
    auth::{Admin, Session},
    http::{
        ApiJson, ApiQuery, ApiResult, ErrorBody, PathId, alias,
        iso::Iso,
        list::{PagesPagination, Paging, flag},
    },
};

/// The routes of the table at the head of this module.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(unread_count))
        .routes(routes!(all_read))
        .routes(alias::by(HttpMethod::Patch, routes!(all_read)))
        .routes(routes!(read))
        .routes(alias::by(HttpMethod::Patch, routes!(read)))
        .routes(routes!(delete))
        .routes(routes!(announce))
        .merge(super::stream::router())
}

/// A notification.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationRow {
    id: Uuid,
    user_id: Uuid,
    title: String,
    message: String,
    #[serde(rename = "type")]
    kind: Kind,
    priority: Priority,
    /// JSON as text, not as an object.
    data: Option<String>,
    /// Path of the web application to go to.
    action_url: Option<String>,
    is_read: bool,
    is_deleted: bool,
    read_at: Option<Iso>,
    expires_at: Option<Iso>,
    created_at: Iso,
    updated_at: Iso,
}

impl From<Notification> for NotificationRow {
    fn from(row: Notification) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            title: row.title,
            message: row.message,
            kind: row.kind.0,
            priority: row.priority.0,
            data: row.data,
            action_url: row.action_url,
            is_read: row.is_read,
            is_deleted: row.is_deleted,
            read_at: row.read_at.map(Iso),
            expires_at: row.expires_at.map(Iso),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// A page of notifications.
#[derive(Serialize, ToSchema)]
struct NotificationPage {
    notifications: Vec<NotificationRow>,
    pagination: PagesPagination,
}

/// A number of notifications.
#[derive(Serialize, ToSchema)]
struct Count {
    count: u64,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct Done {
    message: &'static str,
}

/// What was done, to how many.
#[derive(Serialize, ToSchema)]
struct DoneToAll {
    message: &'static str,
    count: u64,
}

/// Which notifications to list.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `true`: only those not read yet.
    #[param(value_type = Option<bool>)]
    unread_only: Option<String>,
}

/// The caller's notifications, newest first.
#[utoipa::path(get, path = "/notifications", tag = "Notifications", params(Paging<20, 100>, ListQuery),
    security(("bearer" = [])),
    responses((status = 200, body = NotificationPage), (status = 401, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<20, 100>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<NotificationPage>> {
    let filter = Filter { user_id: user.id, unread_only: flag(query.unread_only.as_deref()) == Some(true) };
    let listing = service::list(&state, filter, page).await?;
    Ok(Json(NotificationPage {
        notifications: listing.rows.into_iter().map(NotificationRow::from).collect(),
        pagination: listing.place.into(),
    }))
}

/// How many notifications the caller has not read.
#[utoipa::path(get, path = "/notifications/unread-count", tag = "Notifications", security(("bearer" = [])),
    responses((status = 200, body = Count), (status = 401, body = ErrorBody)))]
async fn unread_count(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<Count>> {
    Ok(Json(Count { count: service::unread_count(&state, user.id).await? }))
}

/// Marks one of the caller's notifications read.
#[utoipa::path(put, path = "/notifications/{id}/read", tag = "Notifications", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn read(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<Done>> {
    service::mark_read(&state, user.id, id).await?;
    Ok(Json(Done { message: "La notification est marquée comme lue." }))
}

/// Marks all of the caller's notifications read.
#[utoipa::path(put, path = "/notifications/read-all", tag = "Notifications", security(("bearer" = [])),
    responses((status = 200, body = DoneToAll), (status = 401, body = ErrorBody)))]
async fn all_read(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<DoneToAll>> {
    let count = service::mark_all_read(&state, user.id).await?;
    Ok(Json(DoneToAll { message: "Toutes les notifications sont marquées comme lues.", count }))
}

/// Hides a notification of the caller for good.
#[utoipa::path(delete, path = "/notifications/{id}", tag = "Notifications", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn delete(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<Done>> {
    service::delete(&state, user.id, id).await?;
    Ok(Json(Done { message: "La notification est supprimée." }))
}

/// Longest path kept, as its column, in characters.
const ACTION_URL_MAX: usize = 500;

/// Longest JSON kept, in characters.
const DATA_MAX: usize = 10_000;

/// What to tell all administrators.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AnnouncementBody {
    #[schema(min_length = 1, max_length = 255)]
    #[validate(length(min = 1, max = 255, message = "Le titre doit compter de 1 à 255 caractères."))]
    title: String,
    #[schema(min_length = 1, max_length = 5000)]
    #[validate(length(min = 1, max = 5000, message = "Le message doit compter de 1 à 5 000 caractères."))]
    message: String,
    #[serde(default, rename = "type")]
    kind: Option<Kind>,
    #[serde(default)]
    priority: Option<Priority>,
    /// Path of the web application, such as `/admin/commandes`.
    #[serde(default)]
    #[schema(max_length = 500, pattern = r"^/[A-Za-z](/?[^/\\\x00-\x1f\x7f])*/?$")]
    #[validate(custom(function = "is_path"))]
    action_url: Option<String>,
    /// Any JSON, 10 000 characters at most; kept as text.
    #[serde(default)]
    #[validate(custom(function = "fits"))]
    data: Option<Value>,
}

/// JSON as text: a string that holds JSON already stays as it is.
fn json_text(data: Value) -> String {
    match data {
        Value::String(text) if serde_json::from_str::<Value>(&text).is_ok() => text,
        other => other.to_string(),
    }
}

/// A path of the web application, which nothing can take for another site's.
fn is_path(url: &str) -> Result<(), ValidationError> {
    let begins =
        url.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let stays = !url.contains("//") && !url.contains(|c: char| c == '\\' || c.is_control());
    match begins && stays && url.chars().count() <= ACTION_URL_MAX {
        true => Ok(()),
        false => Err(ValidationError::new("path")
            .with_message("Le lien doit être un chemin du site, comme /admin/commandes.".into())),
    }
}

fn fits(data: &Value) -> Result<(), ValidationError> {
    match json_text(data.clone()).chars().count() <= DATA_MAX {
        true => Ok(()),
        false => Err(ValidationError::new("length")
            .with_message("Les données jointes ne peuvent pas dépasser 10 000 caractères.".into())),
    }
}

/// Tells all administrators something.
#[utoipa::path(post, path = "/notifications/admin", tag = "Notifications", security(("bearer" = [])),
    request_body = AnnouncementBody,
    responses((status = 201, body = DoneToAll), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn announce(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiJson(body): ApiJson<AnnouncementBody>,
) -> ApiResult<(axum::http::StatusCode, Json<DoneToAll>)> {
    let announcement = service::Announcement {
        title: body.title.trim().to_owned(),
        message: body.message.trim().to_owned(),
        kind: body.kind.unwrap_or(Kind::Info),
        priority: body.priority.unwrap_or(Priority::Normale),
        action_url: body.action_url,
        data: body.data.map(json_text),
    };
    let count = service::announce(&state, &admin.email, &announcement).await? as u64;
    let done = DoneToAll { message: "Les administrateurs sont prévenus.", count };
    Ok((axum::http::StatusCode::CREATED, Json(done)))
}
