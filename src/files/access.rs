//! Who may read which document.

use axum::{
    body::Body,
    http::{HeaderMap, Response, header},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    download::{self, Description},
    store::{self, FileRow, Readable},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::{Role, SessionUser},
    http::{ApiError, ApiResult},
};

/// The documents of an order, newest first, for its author, its corrector and administrators.
///
/// # Errors
/// 403 for anyone else, and for an order that does not exist.
pub async fn documents_of(
    state: &AppState,
    user: &SessionUser,
    commande_id: Uuid,
) -> ApiResult<Vec<FileRow>> {
    let mut conn = state.db.conn().await?;
    let parties = store::parties(&mut conn, commande_id).await?;
    let allowed = parties.is_some_and(|parties| {
        parties.owner == user.id || user.role == Role::Admin || corrects(user, parties.corrector)
    });
    match allowed {
        true => Ok(store::of_commande(&mut conn, commande_id).await?),
        false => {
            Err(ApiError::forbidden("PROJECT_FORBIDDEN", "Ce projet n’existe pas ou ne vous appartient pas."))
        }
    }
}

/// Streams a document to someone who may read it, and notes that they fetched it.
///
/// # Errors
/// 404 for an unknown document or one whose content is lost, 403 for someone who may not read it, 416.
pub async fn fetch(
    state: &AppState,
    user: &SessionUser,
    id: Uuid,
    request: &HeaderMap,
) -> ApiResult<Response<Body>> {
    let file = find(state, user, id).await?;
    if !may_read(user, &file) {
        return Err(ApiError::forbidden("FILE_FORBIDDEN", "Vous n’avez pas accès à ce fichier."));
    }
    let object = state.storage.open(&file.storage_key).await?;
    let description =
        Description { filename: &file.filename, mime: &file.mime_type, sha256: file.sha256.as_deref() };
    let response = download::respond(object, description, request).await?;
    if from_the_start(request) {
        note(state, user, id, &file).await?;
    }
    Ok(response)
}

async fn find(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<Readable> {
    let mut conn = state.db.conn().await?;
    let file = store::readable(&mut conn, id, user.id).await?;
    file.ok_or_else(|| ApiError::not_found("Ce fichier n’existe pas."))
}

fn may_read(user: &SessionUser, file: &Readable) -> bool {
    user.role == Role::Admin
        || file.uploaded_by == Some(user.id)
        || file.owner == Some(user.id)
        || file.in_own_conversation
        || corrects(user, file.corrector)
        || (user.role == Role::Corrector && file.in_authors_conversation)
}

/// Whether this corrector is the assigned one. A corrector whose role was taken away reads no more.
fn corrects(user: &SessionUser, corrector: Option<Uuid>) -> bool {
    user.role == Role::Corrector && corrector == Some(user.id)
}

/// A download resumed half way is not another one.
fn from_the_start(request: &HeaderMap) -> bool {
    let range = request.get(header::RANGE).and_then(|range| range.to_str().ok());
    range.is_none_or(|range| range.trim().starts_with("bytes=0-"))
}

async fn note(state: &AppState, user: &SessionUser, id: Uuid, file: &Readable) -> ApiResult<()> {
    let details = json!({ "filename": file.filename });
    Ok(audit::record_alone(state, acts::FILE_DOWNLOADED, &user.email, id, details).await?)
}
