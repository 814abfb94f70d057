//! The URLs documents are sent to: one document a form, as the web application sends them.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::{Uuid, fmt::Hyphenated};

use super::{
    FileType,
    sending::{self, Admission},
    service,
    store::FileRow,
    upload::{Fields, MultipartBody, MultipartForm},
};
use crate::{
    app::AppState,
    auth::{Session, SessionUser},
    http::{ApiError, ApiResult, ErrorBody, LongRunning, StrictPathId, alias},
};

/// The routes that receive documents.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upload_to_project))
        .routes(routes!(upload_attachment))
        .routes(routes!(upload))
        .routes(alias::at("/unifiedFiles/upload", routes!(upload)))
}

/// A form with one document.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct DocumentForm {
    /// What is to be said of it.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// The document.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A form with one document, which says what it is for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct AnyDocumentForm {
    /// The order it is added to; stands before the document.
    commande_id: Option<Uuid>,
    /// Other name of `commandeId`.
    project_id: Option<Uuid>,
    /// What is to be said of it.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// The document.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A document added to an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectUpload {
    file_id: Uuid,
    filename: String,
    /// Bytes.
    size: i64,
    mime_type: String,
    /// Relative link that works without a session for 15 minutes; images open in the browser.
    url: String,
    message: &'static str,
}

/// A document as a message carries it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Attachable {
    id: Uuid,
    filename: String,
    /// Bytes.
    size: i64,
    mime_type: String,
    /// Relative link that works without a session for 15 minutes; images open in the browser.
    url: String,
    #[serde(rename = "type")]
    file_type: FileType,
}

/// A document to be sent with a message.
#[derive(Serialize, ToSchema)]
struct AttachmentUpload {
    message: &'static str,
    file: Attachable,
}

/// A document received, in the words of both other answers.
#[derive(Serialize, ToSchema)]
struct AnyUpload {
    #[serde(flatten)]
    uploaded: ProjectUpload,
    file: Attachable,
}

const RECEIVED: &str = "Fichier envoyé avec succès.";

impl ProjectUpload {
    fn new(state: &AppState, row: &FileRow, reader: Uuid) -> Self {
        Self {
            file_id: row.id,
            filename: row.filename.clone(),
            size: row.size,
            mime_type: row.mime_type.clone(),
            url: service::link(state, row.id, &row.mime_type, reader),
            message: RECEIVED,
        }
    }
}

impl Attachable {
    fn new(state: &AppState, row: FileRow, reader: Uuid) -> Self {
        Self {
            url: service::link(state, row.id, &row.mime_type, reader),
            id: row.id,
            filename: row.filename,
            size: row.size,
            mime_type: row.mime_type,
            file_type: row.file_type,
        }
    }
}

/// Adds a document to an order: 20 MiB from its author, 50 MiB from its corrector or an administrator, whose document is
/// the corrected one and announced to the author.
#[utoipa::path(post, path = "/files/projects/{id}/upload", tag = "Files", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    request_body(content = DocumentForm, content_type = "multipart/form-data"),
    responses((status = 201, body = ProjectUpload),
              (status = 400, description = "`INVALID_ID`, `FILE_REQUIRED`, `EMPTY_FILE`, `PROJECT_FILES_FULL`, `OFFERED_FILES_FULL`, or what is wrong with the form.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 408, description = "`UPLOAD_STALLED`", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
              (status = 422, description = "`FILE_INFECTED`", body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn upload_to_project(
    _: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
    StrictPathId(id): StrictPathId,
    body: MultipartBody,
) -> ApiResult<(StatusCode, Json<ProjectUpload>)> {
    let admission = Admission::to_order(&state, &user, id).await?;
    let row = receive(&state, &user, body, admission).await?;
    Ok((StatusCode::CREATED, Json(ProjectUpload::new(&state, &row, user.id))))
}

/// A document of 10 MiB at most, to be sent with a message. One that no message carries is removed after 30 days.
#[utoipa::path(post, path = "/files/upload/message", tag = "Files", security(("bearer" = [])),
    request_body(content = DocumentForm, content_type = "multipart/form-data"),
    responses((status = 201, body = AttachmentUpload),
              (status = 400, description = "`FILE_REQUIRED`, `EMPTY_FILE`, `ATTACHMENTS_FULL`, or what is wrong with the form.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 408, description = "`UPLOAD_STALLED`", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
              (status = 422, description = "`FILE_INFECTED`", body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn upload_attachment(
    _: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
    body: MultipartBody,
) -> ApiResult<(StatusCode, Json<AttachmentUpload>)> {
    let admission = Admission::alone(&state, &user).await?;
    let row = receive(&state, &user, body, admission).await?;
    let file = Attachable::new(&state, row, user.id);
    Ok((StatusCode::CREATED, Json(AttachmentUpload { message: RECEIVED, file })))
}

/// A document: added to the order that `commandeId` names, as `POST /files/projects/{id}/upload` does; without one, to be
/// sent with a message.
#[utoipa::path(post, path = "/files/upload", tag = "Files", security(("bearer" = [])),
    request_body(content = AnyDocumentForm, content_type = "multipart/form-data"),
    responses((status = 201, body = AnyUpload),
              (status = 400, description = "`FILE_REQUIRED`, `EMPTY_FILE`, `PROJECT_FILES_FULL`, `OFFERED_FILES_FULL`, `ATTACHMENTS_FULL`, or what is wrong with the form.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 408, description = "`UPLOAD_STALLED`", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
              (status = 422, description = "`FILE_INFECTED`", body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn upload(
    _: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
    body: MultipartBody,
) -> ApiResult<(StatusCode, Json<AnyUpload>)> {
    let row = receive_any(&state, &user, body).await?;
    let uploaded = ProjectUpload::new(&state, &row, user.id);
    let file = Attachable::new(&state, row, user.id);
    Ok((StatusCode::CREATED, Json(AnyUpload { uploaded, file })))
}

async fn receive(
    state: &AppState,
    user: &Arc<SessionUser>,
    body: MultipartBody,
    admission: Admission,
) -> ApiResult<FileRow> {
    let mut form = MultipartForm::new(body, admission.spec());
    let received = form.receive_files(&state.storage, state.clock.now()).await?;
    sending::keep(state, user.clone(), form.fields(), received, admission).await
}

async fn receive_any(state: &AppState, user: &Arc<SessionUser>, body: MultipartBody) -> ApiResult<FileRow> {
    let mut form = MultipartForm::new(body, sending::WIDEST);
    let order = order_of(form.fields_until_first_file().await?)?;
    let admission = match order {
        Some(id) => Admission::to_order(state, user, id).await?,
        None => Admission::alone(state, user).await?,
    };
    form.under(admission.spec());
    let received = form.receive_files(&state.storage, state.clock.now()).await?;
    if order_of(form.fields())? != order {
        let message = "Le champ « commandeId » doit précéder le fichier.";
        return Err(ApiError::invalid_field("commandeId", message));
    }
    sending::keep(state, user.clone(), form.fields(), received, admission).await
}

/// The order that a form names.
fn order_of(fields: &Fields) -> ApiResult<Option<Uuid>> {
    let named = |name: &'static str| {
        let text = fields.get(name).map(str::trim).filter(|text| !text.is_empty());
        let id = text.map(|text| text.parse::<Hyphenated>().map(Hyphenated::into_uuid)).transpose();
        id.map_err(|_| ApiError::invalid_field(name, "Ce projet n’existe pas."))
    };
    match (named("commandeId")?, named("projectId")?) {
        (Some(first), Some(second)) if first != second => Err(ApiError::invalid_field(
            "projectId",
            "Les champs « commandeId » et « projectId » se contredisent.",
        )),
        (first, second) => Ok(first.or(second)),
    }
}
