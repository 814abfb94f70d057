//! What administrators alone do.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    bodies::MessageBody,
    conversations::{account, shown},
};
use crate::{
    app::AppState,
    auth::Admin,
    http::{ApiError, ApiJson, ApiPath, ApiResult, ErrorBody},
    messages::{
        Kind,
        access::ThreadId,
        posting::{self, To},
        reading, verbs,
        wire::SentMessage,
    },
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(unread_count)).routes(routes!(create)).routes(routes!(hide))
}

/// A number of messages.
#[derive(Serialize, ToSchema)]
struct UnreadMessages {
    count: u64,
}

/// Unread messages of the inbox all administrators share: the sum of what its list shows.
#[utoipa::path(get, path = "/messages/unread-count", tag = "Messaging", security(("bearer" = [])),
    responses((status = 200, body = UnreadMessages), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn unread_count(State(state): State<AppState>, _: Admin) -> ApiResult<Json<UnreadMessages>> {
    Ok(Json(UnreadMessages { count: reading::unread_in_inbox(&state).await? }))
}

/// Whom a message was sent to.
#[derive(Serialize, ToSchema)]
struct TargetUser {
    id: Uuid,
    name: String,
    email: String,
}

/// A conversation that an administrator began, or continued.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConversationCreated {
    message: &'static str,
    conversation_id: Uuid,
    /// The account.
    thread_id: Uuid,
    data: SentMessage,
    target_user: TargetUser,
}

/// Writes to an account, and begins its conversation where there is none.
#[utoipa::path(post, path = "/messages/admin/conversations/create", tag = "Messaging", security(("bearer" = [])),
    request_body = MessageBody,
    responses((status = 201, body = ConversationCreated),
              (status = 400, description = "`INVALID_ATTACHMENT`, `INVALID_RECIPIENT`, or what is wrong with the message.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn create(
    State(state): State<AppState>,
    Admin(user): Admin,
    ApiJson(body): ApiJson<MessageBody>,
) -> ApiResult<(StatusCode, Json<ConversationCreated>)> {
    let named =
        body.account().ok_or_else(|| ApiError::invalid_field("userId", "Choisissez à qui écrire."))?;
    let draft = body.draft()?;
    let target = account(named)?;
    let sent = posting::send(&state, &user, To::Account(target), Kind::AdminMessage, &draft).await?;
    let person = posting::person(&state, target).await?;
    let answer = ConversationCreated {
        message: "Votre message est envoyé.",
        conversation_id: sent.row.conversation_id,
        thread_id: target,
        data: shown(&state, sent, &user),
        target_user: TargetUser { id: target, name: person.name, email: person.email },
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What was removed from sight.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConversationHidden {
    message: &'static str,
    deleted_count: u64,
}

/// Removes a conversation from the sight of all administrators, until somebody writes in it. The client keeps theirs.
#[utoipa::path(delete, path = "/messages/admin/conversations/{threadId}", tag = "Messaging", security(("bearer" = [])),
    params(("threadId" = String, Path, max_length = 255, description = "A client's account, a visitor's address, or a conversation")),
    responses((status = 200, body = ConversationHidden), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn hide(
    State(state): State<AppState>,
    Admin(user): Admin,
    ApiPath(name): ApiPath<String>,
) -> ApiResult<Json<ConversationHidden>> {
    let deleted_count = verbs::hide(&state, &user, &ThreadId::read(&name)).await?;
    Ok(Json(ConversationHidden {
        message: "La conversation est supprimée de la messagerie.", deleted_count
    }))
}
