//! The URLs documents are read by.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{FileType, access, store::FileRow};
use crate::{
    app::AppState,
    auth::Session,
    http::{ApiResult, ErrorBody, LongRunning, StrictPathId, alias, iso::Iso},
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
    /// Path of the download, below the API's prefix.
    url: String,
    #[serde(rename = "type")]
    file_type: FileType,
    commande_id: Option<Uuid>,
    uploaded_at: Iso,
    /// Whether it is the corrected document.
    is_admin_file: bool,
}

impl From<FileRow> for FileItem {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.id,
            filename: row.filename,
            mime_type: row.mime_type,
            size: row.size,
            url: format!("/files/download/{}", row.id),
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
#[utoipa::path(get, path = "/files/projects/{id}/files", tag = "Fichiers", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FileList), (status = 400, description = "`INVALID_ID`", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn project_files(
    State(state): State<AppState>,
    Session(user): Session,
    StrictPathId(id): StrictPathId,
) -> ApiResult<Json<FileList>> {
    let files: Vec<FileItem> =
        access::documents_of(&state, &user, id).await?.into_iter().map(FileItem::from).collect();
    Ok(Json(FileList { count: files.len(), files }))
}

/// A document's content, as an attachment; `Range` is honoured.
#[utoipa::path(get, path = "/files/download/{id}", tag = "Fichiers", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The content.", content_type = "application/octet-stream"),
              (status = 206, description = "The part asked for."),
              (status = 400, description = "`INVALID_ID`", body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 416, body = ErrorBody)))]
async fn download_file(
    _: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
    StrictPathId(id): StrictPathId,
    headers: HeaderMap,
) -> ApiResult<Response<Body>> {
    access::fetch(&state, &user, id, &headers).await
}
