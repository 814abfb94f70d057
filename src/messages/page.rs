//! The page of a visitor's conversation, which our answers lead to: what was written, and a form to write back. It opens
//! for 30 days after our latest answer, to whoever holds its link.

use axum::{
    body::Body,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    CONTENT_MAX,
    answering::{self, Answer},
    reading::Shown,
    store::{
        attachments,
        conversations::{self, Conversation, Whose},
        threads::{self, MessageRow, Seen},
    },
};
use crate::{
    app::AppState,
    files::{
        self,
        download::{self, Description},
        sniff::Policy,
        storage::Kind,
        upload::{Fields, MultipartBody, MultipartForm, UploadSpec},
    },
    http::{ApiError, ApiPath, ApiResult, Budget, ClientIp, ErrorBody, LimitKey, LongRunning, page::Page},
    links::Admitted,
};

/// `GET` and `POST /public/conversation/{token}`, and the documents of the conversation.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, answer)).routes(routes!(document))
}

/// What the token of a link permits.
const PURPOSE: &str = "conversation";

/// The path of the page of a conversation.
pub fn path(state: &AppState, conversation_id: Uuid) -> String {
    format!("/api/public/conversation/{}", token(state, conversation_id))
}

fn token(state: &AppState, conversation_id: Uuid) -> String {
    state.links.ticket(PURPOSE, conversation_id)
}

/// Messages the page shows.
const SHOWN: u32 = 100;

/// Documents of one answer: five at most, 10 MiB each.
const DOCUMENTS: UploadSpec = UploadSpec {
    file_field: "files",
    max_files: 5,
    max_bytes_per_file: 10 << 20,
    policy: Policy::Message,
    kind: Kind::Messages,
};

/// A message on the page.
#[derive(Serialize)]
struct PageMessage {
    author: String,
    mine: bool,
    at: DateTime<Utc>,
    text: String,
    files: Vec<PageFile>,
}

#[derive(Serialize)]
struct PageFile {
    name: String,
    href: String,
}

/// A visitor's answer.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct AnswerForm {
    /// 10 000 characters at most; may be left out where documents come.
    #[schema(max_length = 10_000)]
    message: Option<String>,
    /// Up to five documents of 10 MiB each, after the text.
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
}

/// The page of a visitor's conversation: what was written, and a form to answer. Changes nothing.
#[utoipa::path(get, path = "/public/conversation/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "The conversation and a form", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or not good any more", content_type = "text/html")))]
async fn show(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    match open(&state, &token).await? {
        Some(conversation) => conversation_page(&state, &conversation, "").await,
        None => Ok(gone()),
    }
}

/// Answers in a visitor's conversation, with up to five documents.
#[utoipa::path(post, path = "/public/conversation/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    request_body(content = AnswerForm, content_type = "multipart/form-data"),
    responses((status = 303, description = "Sent: back to the page"),
              (status = 400, description = "The page again, with what is wrong", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or not good any more", content_type = "text/html"),
              (status = 413, description = "The page again: a document is too large", content_type = "text/html"),
              (status = 415, description = "The page again: a document of another kind", content_type = "text/html"),
              (status = 429, description = "The page again: too many answers", content_type = "text/html"),
              (status = 503, body = ErrorBody)))]
async fn answer(
    _: LongRunning,
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    ApiPath(token): ApiPath<String>,
    request: Request,
) -> ApiResult<Response<Body>> {
    let Some(conversation) = open(&state, &token).await? else { return Ok(gone().into_response()) };
    let mut text = String::new();
    match read_and_post(&state, &conversation, ip, request, &mut text).await {
        Ok(()) => Ok((StatusCode::SEE_OTHER, [(header::LOCATION, back(&token))]).into_response()),
        Err(error) if error.status().is_client_error() => {
            Ok(conversation_page(&state, &conversation, &text).await?.refusing(&error).into_response())
        }
        Err(error) => Err(error),
    }
}

/// The page itself, beside where the form was sent, whatever stands before it in the address.
fn back(token: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("./{token}")).unwrap_or(HeaderValue::from_static("."))
}

async fn read_and_post(
    state: &AppState,
    conversation: &Conversation,
    ip: std::net::IpAddr,
    request: Request,
    text: &mut String,
) -> ApiResult<()> {
    let keys = [LimitKey::ip(ip), LimitKey::account(&conversation.id.to_string())];
    for key in &keys {
        state.limits.check(Budget::VisitorChat, key)?;
    }
    let body = MultipartBody::from_request(request, &()).await?;
    let mut form = MultipartForm::new(body, DOCUMENTS);
    *text = written(form.fields_until_first_file().await?);
    let received = form.receive_files(&state.storage, state.clock.now()).await?;
    *text = written(form.fields());
    let length = text.chars().count();
    if length > CONTENT_MAX {
        return Err(ApiError::invalid_field(
            "message",
            "Votre message ne peut pas dépasser 10 000 caractères.",
        ));
    }
    if text.trim().is_empty() && received.files().is_empty() {
        return Err(ApiError::invalid_field("message", "Écrivez un message, ou joignez un document."));
    }
    answering::answer(state, Answer { conversation: conversation.clone(), text: text.clone(), received })
        .await
}

/// Browsers end the lines of a form in two characters.
fn written(fields: &Fields) -> String {
    fields.get("message").unwrap_or_default().replace("\r\n", "\n")
}

/// A document of a visitor's conversation, as an attachment.
#[utoipa::path(get, path = "/public/conversation/{token}/fichiers/{id}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail"), ("id" = Uuid, Path)),
    responses((status = 200, description = "The content.", content_type = "*/*"),
              (status = 206, description = "The part asked for."),
              (status = 404, description = "The link is not ours, or not good any more", body = ErrorBody),
              (status = 416, body = ErrorBody)))]
async fn document(
    _: LongRunning,
    State(state): State<AppState>,
    ApiPath((token, id)): ApiPath<(String, Uuid)>,
    headers: HeaderMap,
) -> ApiResult<Response<Body>> {
    let absent = || ApiError::not_found("Ce fichier n’existe pas.");
    let conversation = open(&state, &token).await?.ok_or_else(absent)?;
    let shown = {
        let mut conn = state.db.conn().await?;
        attachments::is_shown(&mut conn, conversation.id, id).await?
    };
    if !shown {
        return Err(absent());
    }
    let opened = files::service::open(&state, Admitted::Link(conversation.id), id).await?;
    let described = Description {
        filename: &opened.document.filename,
        mime: &opened.document.mime_type,
        sha256: opened.document.sha256.as_deref(),
        shown: false,
    };
    let response = download::respond(opened.object, described, &headers).await?;
    files::service::note_fetch(&state, conversation.id, id, &opened.document.filename).await?;
    Ok(response)
}

/// The conversation of a link, while its page opens.
async fn open(state: &AppState, token: &str) -> ApiResult<Option<Conversation>> {
    let Some(id) = state.links.ticket_holder(PURPOSE, token) else { return Ok(None) };
    let mut conn = state.db.conn().await?;
    let found = conversations::find(&mut conn, id).await?;
    let now = state.clock.now();
    Ok(found.filter(|found| found.user_id.is_none() && found.page_until.is_some_and(|until| until > now)))
}

async fn conversation_page(state: &AppState, conversation: &Conversation, text: &str) -> ApiResult<Page> {
    let token = token(state, conversation.id);
    let shown = shown(state, conversation).await?;
    let Shown { rows, attachments } = shown;
    let files_of = |id: Uuid| {
        let own = attachments.iter().filter(|file| file.message_id == id);
        own.map(|file| PageFile {
            name: file.filename.clone(),
            href: format!("{token}/fichiers/{}", file.file_id),
        })
        .collect()
    };
    let messages: Vec<_> = rows.iter().map(|(row, _)| page_message(row, files_of(row.id))).collect();
    let context = serde_json::json!({
        "messages": messages,
        "text": text,
        "until": conversation.page_until,
        "accept": DOCUMENTS.policy.accepted(),
    });
    Ok(Page::of("conversation", &context))
}

async fn shown(state: &AppState, conversation: &Conversation) -> ApiResult<Shown> {
    let mut conn = state.db.conn().await?;
    let mut rows = threads::newest(&mut conn, Whose::Id(conversation.id), Seen::Client, None, SHOWN).await?;
    rows.reverse();
    let attachments = match rows.first() {
        Some(oldest) => attachments::since(&mut conn, conversation.id, oldest.created_at).await?,
        None => vec![],
    };
    let rows = rows.into_iter().map(|row| (row, super::access::Side::Client)).collect();
    Ok(Shown { rows, attachments })
}

fn page_message(row: &MessageRow, files: Vec<PageFile>) -> PageMessage {
    let mine = row.is_from_client();
    let author = match (mine, &row.display_first_name, &row.display_last_name) {
        (true, ..) => "Vous".to_owned(),
        (false, Some(first), Some(last)) => format!("{first} {last}"),
        (false, ..) => "L’équipe Staka Livres".to_owned(),
    };
    PageMessage { author, mine, at: row.created_at, text: row.content.clone(), files }
}

fn gone() -> Page {
    Page::unknown(
        "Cette conversation ne s’ouvre plus par ce lien. Si vous avez un compte, vous la retrouvez dans votre espace ; sinon, \
         écrivez-nous depuis notre site.",
    )
}
