//! The URLs documents are read by.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    FileType,
    download::{self, Description},
    service,
    store::FileRow,
};
use crate::{
    app::AppState,
    auth::Session,
    http::{ApiQuery, ApiResult, ErrorBody, LongRunning, StrictPathId, alias, iso::Iso},
    links::LinkQuery,
};

/// The routes that read documents.
pub fn reading_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(project_files))
        .routes(alias::at("/projects/{id}/files", routes!(project_files)))
        .routes(routes!(download_file))
        .routes(alias::at("/files/{id}/download", routes!(download_file)))
}

/// A document in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileItem {
    id: Uuid,
    filename: String,
    mime_type: String,
    /// Bytes.
    size: i64,
    /// Relative link that works without a session for 15 minutes; images open in the browser.
    url: String,
    #[serde(rename = "type")]
    file_type: FileType,
    commande_id: Option<Uuid>,
    uploaded_at: Iso,
    /// Whether it is the corrected document.
    is_admin_file: bool,
}

impl FileItem {
    /// The document as `reader` is shown it.
    pub fn new(state: &AppState, row: FileRow, reader: Uuid) -> Self {
        Self {
            url: service::link(state, row.id, &row.mime_type, reader),
            id: row.id,
            filename: row.filename,
            mime_type: row.mime_type,
            size: row.size,
            file_type: row.file_type,
            commande_id: row.commande_id,
            uploaded_at: row.created_at.into(),
            is_admin_file: row.is_corrected,
        }
    }
}

/// The documents of a project.
#[derive(Serialize, ToSchema)]
struct FileList {
    files: Vec<FileItem>,
    count: usize,
}

/// The documents of a project, newest first.
#[utoipa::path(get, path = "/files/projects/{id}/files", tag = "Files", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FileList), (status = 400, description = "`INVALID_ID`", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn project_files(
    State(state): State<AppState>,
    Session(user): Session,
    StrictPathId(id): StrictPathId,
) -> ApiResult<Json<FileList>> {
    let documents = service::documents_of(&state, &user, id).await?;
    let files: Vec<_> = documents.into_iter().map(|row| FileItem::new(&state, row, user.id)).collect();
    Ok(Json(FileList { count: files.len(), files }))
}

/// How an image is wanted.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct Presentation {
    /// `inline`: an image may be shown by the browser. All else is saved.
    #[param(max_length = 10)]
    #[validate(length(max = 10, message = "Cette présentation n’existe pas."))]
    disposition: Option<String>,
}

/// A document's content, as an attachment, for its readers or through the signed `url`; `Range` is honoured.
#[utoipa::path(get, path = "/files/download/{id}", tag = "Files", security((), ("bearer" = [])),
    params(("id" = Uuid, Path), LinkQuery, Presentation),
    responses((status = 200, description = "The content.", content_type = "*/*"),
              (status = 206, description = "The part asked for."),
              (status = 400, description = "`INVALID_ID`", body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 416, body = ErrorBody)))]
async fn download_file(
    _: LongRunning,
    State(state): State<AppState>,
    session: Option<Session>,
    StrictPathId(id): StrictPathId,
    ApiQuery(link): ApiQuery<LinkQuery>,
    ApiQuery(presentation): ApiQuery<Presentation>,
    headers: HeaderMap,
) -> ApiResult<Response<Body>> {
    let user = session.as_ref().map(|Session(user)| &**user);
    let reader = state.links.admit(&service::link_subject(id), &link, user, state.clock.now())?;
    let opened = service::open(&state, reader, id).await?;
    let document = opened.document;
    let description = Description {
        filename: &document.filename,
        mime: &document.mime_type,
        sha256: document.sha256.as_deref(),
        shown: presentation.disposition.as_deref() == Some("inline"),
    };
    let response = download::respond(opened.object, description, &headers).await?;
    service::note_fetch(&state, opened.reader_id, id, &document.filename).await?;
    Ok(response)
}
