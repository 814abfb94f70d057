//! Conversations and threads, for whoever takes part in them.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{MessagesUpdated, bodies::MessageBody};
use crate::{
    app::AppState,
    auth::{Role, Session, SessionUser},
    http::{
        ApiError, ApiJson, ApiPath, ApiQuery, ApiResult, ErrorBody, OptionalJson, alias,
        list::{Paging, flag, query_number},
    },
    messages::{
        Kind,
        access::{SUPPORT, Side, ThreadId},
        posting::{self, Sent, To},
        reading::{self, Absent, Part, THREAD_MAX},
        verbs,
        wire::{Message, SentMessage, Thread},
    },
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(alias::at("/messages", routes!(list)))
        .routes(routes!(start))
        .routes(alias::at("/messages", routes!(start)))
        .routes(routes!(thread))
        .routes(routes!(reply))
        .routes(routes!(conversation))
        .routes(alias::at("/messages/{id}", routes!(conversation)))
        .routes(routes!(reply_to_conversation))
        .routes(routes!(mark_read))
        .routes(routes!(archive))
        .routes(routes!(unarchive))
}

/// Which conversations.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `true`: those the caller's side archived, rather than the others.
    #[param(value_type = Option<bool>)]
    archived: Option<String>,
}

/// The caller's conversations, the latest first. A client has one at most, with the team; administrators see the inbox
/// they share, by page; correctors see those of the clients whose orders they were given.
#[utoipa::path(get, path = "/messages/conversations", tag = "Messaging", params(Paging<20, 100>, ListQuery),
    security(("bearer" = [])),
    responses((status = 200, body = Vec<Thread>), (status = 401, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<20, 100>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<Vec<Thread>>> {
    let archived = flag(query.archived.as_deref()) == Some(true);
    let rows = reading::list(&state, &user, archived, page).await?;
    Ok(Json(rows.into_iter().map(|(row, side)| Thread::new(row, side)).collect()))
}

/// Which part of a thread.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ThreadQuery {
    /// Messages at most: 500, which is the default.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    limit: Option<String>,
    /// Only what is older than this message.
    before: Option<Uuid>,
}

impl ThreadQuery {
    fn part(&self) -> ApiResult<Part> {
        Ok(Part {
            limit: query_number("limit", self.limit.as_deref(), THREAD_MAX, THREAD_MAX)?,
            before: self.before,
        })
    }
}

/// The messages of a thread, oldest first: the newest 500 of them. They are read by whoever looks, for their side alone.
#[utoipa::path(get, path = "/messages/threads/{threadId}", tag = "Messaging", security(("bearer" = [])),
    params(("threadId" = String, Path, max_length = 255, description = "`admin-support`, a client's account, a visitor's address, or a conversation"), ThreadQuery),
    responses((status = 200, body = Vec<Message>),
              (status = 400, description = "`INVALID_THREAD`: a client has one thread.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn thread(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
    ApiQuery(query): ApiQuery<ThreadQuery>,
) -> ApiResult<Json<Vec<Message>>> {
    let shown = reading::thread(&state, &user, &ThreadId::read(&name), query.part()?, Absent::Empty).await?;
    Ok(Json(Message::all(&state, shown, user.id)))
}

/// The messages of a conversation, oldest first, as those of a thread.
#[utoipa::path(get, path = "/messages/conversations/{id}", tag = "Messaging", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255, description = "A conversation, or a thread"), ThreadQuery),
    responses((status = 200, body = Vec<Message>), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn conversation(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
    ApiQuery(query): ApiQuery<ThreadQuery>,
) -> ApiResult<Json<Vec<Message>>> {
    let shown =
        reading::thread(&state, &user, &ThreadId::read(&name), query.part()?, Absent::Refused).await?;
    Ok(Json(Message::all(&state, shown, user.id)))
}

/// Writes in a thread. A visitor is written to by mail, with a link to the page they answer on.
#[utoipa::path(post, path = "/messages/threads/{threadId}/reply", tag = "Messaging", security(("bearer" = [])),
    params(("threadId" = String, Path, max_length = 255, description = "`admin-support`, a client's account, a visitor's address, or a conversation")),
    request_body = MessageBody,
    responses((status = 201, body = SentMessage),
              (status = 400, description = "`INVALID_THREAD`, `INVALID_ATTACHMENT`, or what is wrong with the message.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn reply(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
    ApiJson(body): ApiJson<MessageBody>,
) -> ApiResult<(StatusCode, Json<SentMessage>)> {
    let name = ThreadId::read(&name);
    let sent = posting::send(&state, &user, To::Thread(&name), Kind::UserMessage, &body.draft()?).await?;
    Ok((StatusCode::CREATED, Json(shown(&state, sent, &user))))
}

/// Writes in a conversation that is there.
#[utoipa::path(post, path = "/messages/conversations/{id}/reply", tag = "Messaging", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255, description = "A conversation, or a thread")),
    request_body = MessageBody,
    responses((status = 201, body = SentMessage),
              (status = 400, description = "`INVALID_ATTACHMENT`, or what is wrong with the message.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn reply_to_conversation(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
    ApiJson(body): ApiJson<MessageBody>,
) -> ApiResult<(StatusCode, Json<SentMessage>)> {
    let name = ThreadId::read(&name);
    let sent = posting::send(&state, &user, To::Existing(&name), Kind::UserMessage, &body.draft()?).await?;
    Ok((StatusCode::CREATED, Json(shown(&state, sent, &user))))
}

pub(super) fn shown(state: &AppState, sent: Sent, user: &SessionUser) -> SentMessage {
    SentMessage::new(state, sent.row, sent.side, sent.attachments, user.id)
}

/// A message that was sent, and where it stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConversationStarted {
    message: &'static str,
    conversation_id: Uuid,
    /// `admin-support` for a client.
    thread_id: String,
    data: SentMessage,
}

/// Writes to the team, and begins one's conversation with it where there is none. The team names whom it writes to.
#[utoipa::path(post, path = "/messages/conversations", tag = "Messaging", security(("bearer" = [])),
    request_body = MessageBody,
    responses((status = 201, body = ConversationStarted),
              (status = 400, description = "`INVALID_ATTACHMENT`, or what is wrong with the message.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn start(
    State(state): State<AppState>,
    Session(user): Session,
    ApiJson(body): ApiJson<MessageBody>,
) -> ApiResult<(StatusCode, Json<ConversationStarted>)> {
    let draft = body.draft()?;
    // The web application names a recipient and a conversation of its own making: a client's messages are for the team.
    let recipient = body.recipient().filter(|_| user.role != Role::User).map(ThreadId::read);
    let to = match &recipient {
        Some(ThreadId::Nothing) | None => To::Team,
        Some(name) => To::Thread(name),
    };
    let sent = posting::send(&state, &user, to, Kind::UserMessage, &draft).await?;
    let thread_id = match (sent.side, sent.row.client_id) {
        (Side::Client, _) => SUPPORT.to_owned(),
        (_, Some(client)) => client.to_string(),
        (_, None) => sent.row.conversation_email.clone().unwrap_or_default(),
    };
    let answer = ConversationStarted {
        message: "Votre message est envoyé.",
        conversation_id: sent.row.conversation_id,
        thread_id,
        data: shown(&state, sent, &user),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What a body may say where none is needed.
#[derive(Debug, Default, Deserialize, Validate)]
struct Nothing {}

/// Marks a conversation read, for the caller's side alone.
#[utoipa::path(post, path = "/messages/conversations/{id}/mark-read", tag = "Messaging", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255, description = "A conversation, or a thread")),
    responses((status = 200, body = MessagesUpdated), (status = 401, body = ErrorBody)))]
async fn mark_read(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
    OptionalJson(Nothing {}): OptionalJson<Nothing>,
) -> ApiResult<Json<MessagesUpdated>> {
    let updated_count = verbs::mark_read(&state, &user, &ThreadId::read(&name)).await?;
    Ok(Json(MessagesUpdated { message: "La conversation est marquée comme lue.", updated_count }))
}

/// Archives a conversation, for the caller's side alone; a new message takes it out again.
#[utoipa::path(patch, path = "/messages/conversations/{id}/archive", tag = "Messaging", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255, description = "A conversation, or a thread")),
    responses((status = 200, body = MessagesUpdated), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn archive(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
) -> ApiResult<Json<MessagesUpdated>> {
    let updated_count = verbs::archive(&state, &user, &ThreadId::read(&name), true).await?;
    Ok(Json(MessagesUpdated { message: "La conversation est archivée.", updated_count }))
}

/// Takes a conversation out of the archive of the caller's side.
#[utoipa::path(patch, path = "/messages/conversations/{id}/unarchive", tag = "Messaging", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255, description = "A conversation, or a thread")),
    responses((status = 200, body = MessagesUpdated), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn unarchive(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(name): ApiPath<String>,
) -> ApiResult<Json<MessagesUpdated>> {
    let updated_count = verbs::archive(&state, &user, &ThreadId::read(&name), false).await?;
    Ok(Json(MessagesUpdated { message: "La conversation n’est plus archivée.", updated_count }))
}

/// 400 for an id that is none.
pub(super) fn account(raw: &str) -> ApiResult<Uuid> {
    raw.parse().map_err(|_| ApiError::not_found("Cet utilisateur n’existe pas."))
}
