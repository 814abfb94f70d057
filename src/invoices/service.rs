//! What an author may see of their invoices.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    InvoiceStatus, Kind, render,
    store::{self, InvoiceRow},
};
use crate::{
    app::AppState,
    audit::acts,
    auth::SessionUser,
    files::{
        journal::{self, Fetch},
        storage::StoredFile,
    },
    http::{ApiError, ApiResult, Page, list::Listing},
};

/// A page of the caller's invoices, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(state: &AppState, user_id: Uuid, page: Page) -> ApiResult<Listing<InvoiceRow>> {
    let mut conn = state.db.conn().await?;
    let rows = store::list_of_user(&mut conn, user_id, page).await?;
    let count = store::count_of_user(&mut conn, user_id);
    let listing = state.totals.listing("invoices", &user_id, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// An invoice of the caller.
///
/// # Errors
/// 404 when there is none, 403 when it is someone else's.
pub async fn owned(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<InvoiceRow> {
    let invoice = find(state, id).await?;
    match invoice.user_id == user.id {
        true => Ok(invoice),
        false => Err(ApiError::forbidden("NOT_OWNER", "Cette facture ne vous appartient pas.")),
    }
}

/// An invoice, whoever asks: for callers that proved a permission of their own.
///
/// # Errors
/// 404 when there is none.
pub async fn find(state: &AppState, id: Uuid) -> ApiResult<InvoiceRow> {
    let mut conn = state.db.conn().await?;
    store::find(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("Facture introuvable."))
}

/// The stored PDF, rendered now when the renderer has not come to it yet.
///
/// # Errors
/// When rendering or the storage fails.
pub async fn open_pdf(state: &AppState, invoice: &InvoiceRow) -> ApiResult<StoredFile> {
    let key = match &invoice.pdf_key {
        Some(key) => key.clone(),
        None => render::render_one(state, invoice.id).await?,
    };
    Ok(state.storage.open(&key).await?)
}

/// What a signed link to an invoice permits.
pub fn link_subject(id: Uuid) -> String {
    format!("invoice:{id}")
}

/// A relative link to the PDF that works for `reader` without a session for a while.
pub fn download_link(state: &AppState, id: Uuid, reader: Uuid) -> String {
    state.links.link(&format!("/invoices/{id}/download"), &link_subject(id), reader, state.clock.now())
}

/// Notes that someone fetched the PDF.
///
/// # Errors
/// When the database refuses.
pub async fn note_fetch(state: &AppState, reader_id: Uuid, id: Uuid) -> ApiResult<()> {
    let fetch = Fetch { reader_id, document_id: id, act: acts::INVOICE_DOWNLOADED, details: None };
    Ok(journal::note(state, fetch).await?)
}

/// An invoice or a credit note, as its order lists it.
pub struct OrderInvoice {
    /// The row.
    pub id: Uuid,
    /// Which of the two.
    pub kind: Kind,
    /// Its number.
    pub number: String,
    /// Cents, kept positive.
    pub amount: i32,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// The invoices and credit notes of an order, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn of_order(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
) -> Result<Vec<OrderInvoice>, sqlx::Error> {
    store::of_order(conn, commande_id).await
}
