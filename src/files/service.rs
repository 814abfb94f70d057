//! What people see of documents.

use serde_json::json;
use uuid::Uuid;

use super::{
    access::{self, Caller, Facts, Verb},
    journal::{self, Fetch},
    storage::StoredFile,
    store::{self, Document, FileRow},
};
use crate::{
    app::AppState,
    audit::acts,
    auth::SessionUser,
    http::{ApiError, ApiResult},
    links::Admitted,
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
    let order = parties.map(|parties| Facts::of_order(parties.owner, parties.corrector));
    match order.is_some_and(|order| access::may(user.into(), Verb::List, &order)) {
        true => Ok(store::of_commande(&mut conn, commande_id).await?),
        false => {
            Err(ApiError::forbidden("PROJECT_FORBIDDEN", "Ce projet n’existe pas ou ne vous appartient pas."))
        }
    }
}

/// A document that is about to be sent to someone.
pub struct Opened {
    /// The account that fetches it.
    pub reader_id: Uuid,
    /// What is known of it.
    pub document: Document,
    /// Its content.
    pub object: StoredFile,
}

/// Opens a document for someone who may read it.
///
/// # Errors
/// 404 for an unknown document or one whose content is lost, 403 for someone who may not read it.
pub async fn open(state: &AppState, reader: Admitted<&SessionUser>, id: Uuid) -> ApiResult<Opened> {
    let (reader_id, document) = match reader {
        Admitted::Link(holder) => (holder, find(state, id).await?),
        Admitted::Session(user) => (user.id, readable(state, user.into(), id).await?),
    };
    let object = state.storage.open(&document.storage_key).await?;
    Ok(Opened { reader_id, document, object })
}

/// Notes that someone fetched a document.
///
/// # Errors
/// When the database refuses.
pub async fn note_fetch(state: &AppState, reader_id: Uuid, id: Uuid, filename: &str) -> ApiResult<()> {
    let fetch = Fetch {
        reader_id,
        document_id: id,
        act: acts::FILE_DOWNLOADED,
        details: Some(json!({ "filename": filename })),
    };
    Ok(journal::note(state, fetch).await?)
}

async fn find(state: &AppState, id: Uuid) -> ApiResult<Document> {
    let mut conn = state.db.conn().await?;
    store::find(&mut conn, id).await?.ok_or_else(absent)
}

async fn readable(state: &AppState, caller: Caller, id: Uuid) -> ApiResult<Document> {
    let mut conn = state.db.conn().await?;
    let (document, facts) = store::find_for(&mut conn, id, caller.id).await?.ok_or_else(absent)?;
    match access::may(caller, Verb::Read, &facts) {
        true => Ok(document),
        false => Err(ApiError::forbidden("FILE_FORBIDDEN", "Vous n’avez pas accès à ce fichier.")),
    }
}

fn absent() -> ApiError {
    ApiError::not_found("Ce fichier n’existe pas.")
}

/// What a signed link to a document permits.
pub fn link_subject(id: Uuid) -> String {
    format!("file:{id}")
}

/// A relative link to a document that works for `holder` without a session for a while. Images open in the browser.
pub fn link(state: &AppState, id: Uuid, mime: &str, holder: Uuid) -> String {
    let path = format!("/files/download/{id}");
    let link = state.links.link(&path, &link_subject(id), holder, state.clock.now());
    match super::download::is_raster(mime) {
        true => format!("{link}&disposition=inline"),
        false => link,
    }
}
