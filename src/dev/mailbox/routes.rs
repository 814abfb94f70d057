use axum::{
    Json,
    extract::State,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{Html, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::page;
use crate::{
    app::AppState,
    emails::transport::{Enclosure, Mailbox, Received},
    http::{ApiError, ApiPath, ApiQuery, ApiResult, ErrorBody, disposition, iso::Iso},
};

/// The routes of the mailbox, un-prefixed. Mount them on development servers only.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show_page))
        .routes(routes!(list_messages, clear_messages))
        .routes(routes!(download_attachment))
}

/// A mail of the development mailbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MailView {
    id: Uuid,
    to: String,
    from: String,
    subject: String,
    template: String,
    created_at: Iso,
    html: String,
    text: String,
    attachments: Vec<EnclosureView>,
}

/// An attachment of a mail; `size` is bytes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnclosureView {
    filename: String,
    content_type: String,
    size: i64,
}

/// What emptying the mailbox removed.
#[derive(Serialize, ToSchema)]
pub(super) struct Cleared {
    message: &'static str,
    count: u64,
}

/// Which mails to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only the mails to this address.
    #[param(max_length = 255)]
    #[validate(length(max = 255, message = "Une adresse ne dépasse pas 255 caractères."))]
    to: Option<String>,
}

impl From<Received> for MailView {
    fn from(mail: Received) -> Self {
        Self {
            id: mail.id,
            to: mail.to_email,
            from: mail.sender,
            subject: mail.subject,
            template: mail.template,
            created_at: mail.created_at.into(),
            html: mail.html,
            text: mail.text,
            attachments: mail.attachments.into_iter().map(EnclosureView::from).collect(),
        }
    }
}

impl From<Enclosure> for EnclosureView {
    fn from(file: Enclosure) -> Self {
        Self { filename: file.filename, content_type: file.content_type, size: file.size }
    }
}

/// A page to read the mails that would have been sent.
#[utoipa::path(get, path = "/dev/mailbox", tag = "Development",
    responses((status = 200, description = "A page to read the mails", content_type = "text/html")))]
async fn show_page() -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, page::POLICY.clone()),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Html(page::PAGE.as_str())).into_response()
}

/// The mails that would have been sent, newest first.
#[utoipa::path(get, path = "/dev/mailbox/messages", tag = "Development", params(Filter),
    responses((status = 200, description = "The newest mails first", body = Vec<MailView>)))]
async fn list_messages(
    State(state): State<AppState>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> ApiResult<Json<Vec<MailView>>> {
    let to = filter.to.map(|to| to.trim().to_lowercase()).filter(|to| !to.is_empty());
    let mails = Mailbox::new(state.db.clone()).messages(to.as_deref()).await?;
    Ok(Json(mails.into_iter().map(MailView::from).collect()))
}

/// Empties the mailbox.
#[utoipa::path(delete, path = "/dev/mailbox/messages", tag = "Development",
    responses((status = 200, description = "The mailbox is empty", body = Cleared)))]
async fn clear_messages(State(state): State<AppState>) -> ApiResult<Json<Cleared>> {
    let count = Mailbox::new(state.db.clone()).clear().await?;
    Ok(Json(Cleared { message: "La boîte de réception est vide.", count }))
}

/// A file attached to a mail of the mailbox.
#[utoipa::path(get, path = "/dev/mailbox/messages/{id}/attachments/{filename}", tag = "Development",
    params(("id" = Uuid, Path), ("filename" = String, Path, max_length = 255)),
    responses((status = 200, description = "The file", content_type = "*/*"),
              (status = 404, description = "No such mail or file", body = ErrorBody)))]
async fn download_attachment(
    State(state): State<AppState>,
    ApiPath((id, filename)): ApiPath<(Uuid, String)>,
) -> ApiResult<Response> {
    let file = Mailbox::new(state.db.clone())
        .attachment(id, &filename)
        .await?
        .ok_or_else(|| ApiError::not_found("Cette pièce jointe n’existe pas."))?;
    let content_type = HeaderValue::from_str(&file.content_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_DISPOSITION, disposition::attachment(&file.filename)),
        // Opened in the browser, an attachment must not act as a page of ours.
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, file.bytes).into_response())
}
