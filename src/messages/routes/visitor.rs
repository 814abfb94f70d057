//! The chat of the public site.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    app::AppState,
    http::{ApiJson, ApiResult, Budget, ClientIp, ErrorBody, LimitKey},
    messages::visitors::{self, ChatMessage},
    users::rules,
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(chat))
}

/// A message of a visitor.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VisitorBody {
    #[schema(min_length = 1, max_length = 100)]
    #[validate(
        length(max = 100, message = "Le nom ne peut pas dépasser 100 caractères."),
        custom(function = "is_name")
    )]
    name: String,
    #[schema(format = Email, max_length = 255)]
    #[validate(custom(function = "rules::email"))]
    email: String,
    #[schema(min_length = 1, max_length = 20)]
    #[validate(custom(function = "is_phone"))]
    phone: String,
    #[schema(min_length = 1, max_length = 10_000)]
    #[validate(
        length(max = 10_000, message = "Un message ne peut pas dépasser 10 000 caractères."),
        custom(function = "is_text")
    )]
    content: String,
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "L’objet ne peut pas dépasser 255 caractères."))]
    subject: Option<String>,
    /// Not shown to people: whatever fills it in is a machine.
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "Ce champ doit rester vide."))]
    website: Option<String>,
}

fn is_name(name: &str) -> Result<(), ValidationError> {
    match name.trim().is_empty() || name.contains(char::is_control) {
        true => refuse("required", "Le nom est obligatoire."),
        false => Ok(()),
    }
}

fn is_phone(phone: &str) -> Result<(), ValidationError> {
    match phone.trim().is_empty() {
        true => refuse("required", "Le numéro de téléphone est obligatoire."),
        false => rules::telephone(phone),
    }
}

fn is_text(text: &str) -> Result<(), ValidationError> {
    match text.trim().is_empty() {
        true => refuse("required", "Le message est obligatoire."),
        false => Ok(()),
    }
}

fn refuse(code: &'static str, message: &'static str) -> Result<(), ValidationError> {
    Err(ValidationError::new(code).with_message(message.into()))
}

/// A message that arrived.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChatReceived {
    message: &'static str,
    conversation_id: Uuid,
}

/// Writes to the team as a visitor. Limited per address; the same message within ten minutes is one.
#[utoipa::path(post, path = "/messages/visitor", tag = "Messaging", request_body = VisitorBody,
    responses((status = 201, body = ChatReceived), (status = 200, description = "It was there already.", body = ChatReceived),
              (status = 400, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn chat(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    ApiJson(body): ApiJson<VisitorBody>,
) -> ApiResult<(StatusCode, Json<ChatReceived>)> {
    state.limits.check(Budget::VisitorChat, &LimitKey::ip(ip))?;
    let line =
        |text: &str| text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let message = ChatMessage {
        name: line(&body.name),
        email: rules::normalise_email(&body.email),
        phone: line(&body.phone),
        subject: body.subject.as_deref().map(line).filter(|subject| !subject.is_empty()),
        text: body.content,
        trap: body.website.is_some_and(|website| !website.trim().is_empty()),
    };
    let posted = visitors::chat(&state, &message).await?;
    let status = if posted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let message = "Votre message est envoyé. Notre équipe vous répond par e-mail.";
    Ok((status, Json(ChatReceived { message, conversation_id: posted.conversation_id })))
}
