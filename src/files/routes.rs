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
    removal, sending_routes, service,
    store::{FileRow, lists::ProjectFileRow},
};
use crate::{
    app::AppState,
    auth::{Role, Session},
    http::{
        ApiPath, ApiQuery, ApiResult, ErrorBody, LongRunning, StrictPathId, alias,
        extract::strict_id,
        iso::Iso,
        list::{Pagination, Paging},
    },
    links::LinkQuery,
};

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(sending_routes::router())
        .routes(routes!(project_files))
        .routes(alias::at("/projects/{id}/files", routes!(project_files)))
        .routes(routes!(download_file))
        .routes(alias::at("/files/{id}/download", routes!(download_file)))
        .routes(routes!(all_files))
        .routes(routes!(sent_files))
        .routes(routes!(file_detail))
        .routes(routes!(delete_file))
        .routes(routes!(delete_project_file))
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

/// Whose order a document belongs to.
#[derive(Serialize, ToSchema)]
struct DocumentOwner {
    name: String,
    email: String,
}

/// A document in a list over several orders.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProjectFileItem {
    #[serde(flatten)]
    file: FileItem,
    /// Title of its order.
    project_title: String,
    /// For administrators only: the author of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<DocumentOwner>,
}

/// The documents of several orders.
#[derive(Serialize, ToSchema)]
struct ProjectFileList {
    files: Vec<ProjectFileItem>,
    /// Documents in all.
    count: u64,
}

/// The documents of all the caller's orders, newest first; for an administrator those of all orders.
#[utoipa::path(get, path = "/files/user/all", tag = "Files", security(("bearer" = [])),
    params(Paging<1000, 1000>),
    responses((status = 200, body = ProjectFileList), (status = 401, body = ErrorBody)))]
async fn all_files(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<1000, 1000>,
) -> ApiResult<Json<ProjectFileList>> {
    let listing = service::all_documents(&state, &user, page).await?;
    let count = listing.place.total;
    let item = |row: ProjectFileRow| ProjectFileItem {
        project_title: row.titre.clone(),
        owner: (user.role == Role::Admin)
            .then(|| DocumentOwner { name: format!("{} {}", row.prenom, row.nom), email: row.email.clone() }),
        file: FileItem::new(&state, row.into(), user.id),
    };
    Ok(Json(ProjectFileList { files: listing.rows.into_iter().map(item).collect(), count }))
}

/// A document that the caller sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SentFile {
    id: Uuid,
    filename: String,
    /// Bytes.
    size: i64,
    mime_type: String,
    #[serde(rename = "type")]
    file_type: FileType,
    created_at: Iso,
}

/// The documents that the caller sent.
#[derive(Serialize, ToSchema)]
struct SentFileList {
    files: Vec<SentFile>,
    pagination: Pagination,
}

impl From<FileRow> for SentFile {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.id,
            filename: row.filename,
            size: row.size,
            mime_type: row.mime_type,
            file_type: row.file_type,
            created_at: row.created_at.into(),
        }
    }
}

/// What the caller sent, to orders and with messages, newest first.
#[utoipa::path(get, path = "/files/user", tag = "Files", security(("bearer" = [])),
    params(Paging<20, 100>),
    responses((status = 200, body = SentFileList), (status = 401, body = ErrorBody)))]
async fn sent_files(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<20, 100>,
) -> ApiResult<Json<SentFileList>> {
    let listing = service::sent_documents(&state, user.id, page).await?;
    let pagination = listing.place.into();
    Ok(Json(SentFileList { files: listing.rows.into_iter().map(SentFile::from).collect(), pagination }))
}

/// All that is known of a document.
#[derive(Serialize, ToSchema)]
struct FileDetail {
    #[serde(flatten)]
    file: FileItem,
    /// What its sender said of it.
    description: Option<String>,
}

/// What is known of a document, for its readers.
#[utoipa::path(get, path = "/unifiedFiles/{id}", tag = "Files", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FileDetail), (status = 400, description = "`INVALID_ID`", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn file_detail(
    State(state): State<AppState>,
    Session(user): Session,
    StrictPathId(id): StrictPathId,
) -> ApiResult<Json<FileDetail>> {
    let (row, description) = service::detail(&state, &user, id).await?;
    Ok(Json(FileDetail { file: FileItem::new(&state, row, user.id), description }))
}

/// A document is gone.
#[derive(Serialize, ToSchema)]
struct FileDeleted {
    message: &'static str,
}

const DELETED: Json<FileDeleted> = Json(FileDeleted { message: "Fichier supprimé avec succès." });

/// Removes a document that the caller sent, or any as an administrator. Corrected ones, and those that somebody else sent
/// on, stay.
#[utoipa::path(delete, path = "/files/{id}", tag = "Files", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FileDeleted), (status = 400, description = "`INVALID_ID`", body = ErrorBody),
              (status = 401, body = ErrorBody),
              (status = 403, description = "`FILE_FORBIDDEN`, `FILE_PROTECTED`", body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn delete_file(
    State(state): State<AppState>,
    Session(user): Session,
    StrictPathId(id): StrictPathId,
) -> ApiResult<Json<FileDeleted>> {
    removal::remove(&state, &user, id).await?;
    Ok(DELETED)
}

/// Removes a document of an order, by the rules of `DELETE /files/{id}`.
#[utoipa::path(delete, path = "/files/projects/{id}/files/{fileId}", tag = "Files", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("fileId" = Uuid, Path)),
    responses((status = 200, body = FileDeleted), (status = 400, description = "`INVALID_ID`", body = ErrorBody),
              (status = 401, body = ErrorBody),
              (status = 403, description = "`PROJECT_FORBIDDEN`, `FILE_FORBIDDEN`, `FILE_PROTECTED`", body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn delete_project_file(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath((project, file)): ApiPath<(String, String)>,
) -> ApiResult<Json<FileDeleted>> {
    removal::remove_from_order(&state, &user, strict_id(&project)?, strict_id(&file)?).await?;
    Ok(DELETED)
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
