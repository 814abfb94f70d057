//! What people see of documents.

use serde_json::json;
use uuid::Uuid;

use super::{
    access::{self, Caller, Facts, Verb},
    journal::{self, Fetch},
    sending::no_project,
    storage::StoredFile,
    store::{
        self, Document, FileRow,
        lists::{self, ProjectFileRow},
    },
};
use crate::{
    app::AppState,
    audit::acts,
    auth::{Role, SessionUser},
    http::{ApiError, ApiResult, Page, list::Listing},
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
        false => Err(no_project()),
    }
}

/// A page of the documents of the caller's orders, whoever sent them; of all orders for an administrator. Newest first.
///
/// # Errors
/// When the database refuses.
pub async fn all_documents(
    state: &AppState,
    user: &SessionUser,
    page: Page,
) -> ApiResult<Listing<ProjectFileRow>> {
    let mut conn = state.db.conn().await?;
    let listing = match user.role {
        Role::Admin => {
            let rows = lists::of_everyone(&mut conn, page).await?;
            let count = lists::count_of_everyone(&mut conn);
            state.totals.listing("documents", &(), page, rows, count).await?
        }
        Role::User | Role::Corrector => {
            let rows = lists::of_author(&mut conn, user.id, page).await?;
            let count = lists::count_of_author(&mut conn, user.id);
            state.totals.listing("documents-of-author", &user.id, page, rows, count).await?
        }
    };
    conn.release();
    Ok(listing)
}

/// A page of what the caller sent, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn sent_documents(state: &AppState, user_id: Uuid, page: Page) -> ApiResult<Listing<FileRow>> {
    let mut conn = state.db.conn().await?;
    let rows = lists::sent_by(&mut conn, user_id, page).await?;
    let count = lists::count_sent_by(&mut conn, user_id);
    let listing = state.totals.listing("documents-sent", &user_id, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// What is known of a document that the caller may read, and what was said of it.
///
/// # Errors
/// 404 without it, 403 `FILE_FORBIDDEN` for someone who may not read it.
pub async fn detail(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<(FileRow, Option<String>)> {
    readable(state, user.into(), id).await?;
    let mut conn = state.db.conn().await?;
    store::detail(&mut conn, id).await?.ok_or_else(absent)
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

pub(super) fn absent() -> ApiError {
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
