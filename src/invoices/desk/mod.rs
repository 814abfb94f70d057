//! Invoices as the team handles them: looking, sending again, states, and a new file of the same document.

mod store;

use serde_json::json;
use uuid::Uuid;

use super::{InvoiceStatus as Status, Kind, render, service, store as invoices, told::InvoiceReady};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    events::{self, Tx},
    files::{deletions, storage::StoredFile},
    http::{
        ApiError, ApiResult, Page,
        list::{Listing, Sort},
    },
};

pub use store::{DeskRow, Filter, InvoiceSort};

/// A page of the invoices and credit notes.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(
    state: &AppState,
    filter: &Filter,
    sort: Sort<InvoiceSort>,
    page: Page,
) -> ApiResult<Listing<DeskRow>> {
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, sort, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("admin_invoices", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// One of them; looking at it goes on record.
///
/// # Errors
/// 404 when there is none.
pub async fn look(state: &AppState, admin: &str, id: Uuid) -> ApiResult<DeskRow> {
    let row = one(state, id).await?;
    audit::record_alone(state, acts::INVOICE_ACCESSED, admin, id, json!({ "number": row.number })).await?;
    Ok(row)
}

async fn one(state: &AppState, id: Uuid) -> ApiResult<DeskRow> {
    let mut conn = state.db.conn().await?;
    let row = store::one(&mut conn, id).await?;
    conn.release();
    row.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("Facture introuvable.")
}

/// The file of a document.
pub struct Pdf {
    /// Its bytes.
    pub file: StoredFile,
    /// What it is called.
    pub filename: String,
    /// Of its bytes.
    pub sha256: Option<String>,
}

/// The stored file, rendered now when the renderer has not come to it yet.
///
/// # Errors
/// 404 when there is no such invoice; when rendering or the storage fails.
pub async fn pdf(state: &AppState, id: Uuid) -> ApiResult<Pdf> {
    let invoice = service::find(state, id).await?;
    let file = service::open_pdf(state, &invoice).await?;
    Ok(Pdf { file, filename: invoice.kind.file_name(&invoice.number), sha256: invoice.pdf_sha256 })
}

/// Notes that an administrator fetched the file.
///
/// # Errors
/// When the database refuses.
pub async fn note_fetch(state: &AppState, admin: &SessionUser, id: Uuid) -> ApiResult<()> {
    service::note_fetch(state, admin.id, id).await
}

/// Queues the mail with the document again, and tells to whom it goes. One that was never rendered is now, which
/// queues its first mail. Twice within a second is once.
///
/// # Errors
/// 404 when there is none; when rendering fails.
pub async fn send(state: &AppState, admin: &str, id: Uuid) -> ApiResult<String> {
    let email = one(state, id).await?.email;
    let row = render::load(state, id).await?;
    let key = match &row.pdf_key {
        Some(key) => key.clone(),
        None => render::render_one(state, id).await?,
    };
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let locked = store::lock(&mut tx, id).await?.ok_or_else(unknown)?;
    if row.pdf_key.is_some() {
        let attempt = u32::try_from(now.timestamp()).unwrap_or(u32::MAX);
        events::record(&mut tx, InvoiceReady { attempt, ..render::ready(&row, &key) }).await?;
    }
    if locked.status == Status::Generated {
        store::set_status(&mut tx, id, Status::Sent, None, now).await?;
    }
    audit::record(&mut tx, acts::INVOICE_SENT, admin, id, json!({ "number": locked.number })).await?;
    tx.commit().await?;
    Ok(email)
}

/// What an administrator says of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Waits for its payment.
    Awaiting,
    /// Was paid.
    Paid,
    /// Should have been paid by now.
    Overdue,
    /// Asks for nothing any more.
    Cancelled,
}

impl Wanted {
    /// What an invoice in `from` becomes; nothing when the move is refused.
    fn applied(self, from: Status) -> Option<Status> {
        match (self, from) {
            (Self::Cancelled, _) => Some(Status::Cancelled),
            (Self::Paid, Status::Cancelled) => None,
            (Self::Paid, _) => Some(Status::Paid),
            (_, Status::Paid | Status::Cancelled) => None,
            (Self::Awaiting, Status::Overdue) => Some(Status::Sent),
            (Self::Awaiting, from) => Some(from),
            (Self::Overdue, _) => Some(Status::Overdue),
        }
    }
}

/// Moves an invoice. What it is already changes nothing. A paid one is cancelled only when all of it was credited: the
/// credit note follows the refund of the order.
///
/// # Errors
/// 404 when there is none, 409 `INVALID_TRANSITION` for what the law does not allow, 409 `CREDIT_NOTE_REQUIRED` for a paid
/// one that was not wholly credited.
pub async fn set_status(state: &AppState, admin: &str, id: Uuid, wanted: Wanted) -> ApiResult<DeskRow> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let row = store::lock(&mut tx, id).await?.ok_or_else(unknown)?;
    let to = wanted.applied(row.status).ok_or_else(refused)?;
    if to != row.status {
        allowed(&mut tx, id, &row, to).await?;
        let paid_at = (to == Status::Paid).then_some(now);
        store::set_status(&mut tx, id, to, paid_at, now).await?;
        let act = match to {
            Status::Cancelled => acts::INVOICE_CANCELLED,
            _ => acts::INVOICE_UPDATED,
        };
        let details = json!({ "number": row.number, "from": row.status, "to": to });
        audit::record(&mut tx, act, admin, id, details).await?;
    }
    let row = store::one(&mut tx, id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(row)
}

async fn allowed(tx: &mut Tx, id: Uuid, row: &store::StateRow, to: Status) -> ApiResult<()> {
    if row.kind == Kind::CreditNote {
        return Err(refused());
    }
    let needs_credit = (row.status, to) == (Status::Paid, Status::Cancelled);
    if needs_credit && invoices::credited(tx, id).await?.amount < i64::from(row.amount) {
        return Err(ApiError::conflict(
            "CREDIT_NOTE_REQUIRED",
            "Cette facture est payée : remboursez d’abord la commande en entier, l’avoir suit.",
        ));
    }
    Ok(())
}

fn refused() -> ApiError {
    ApiError::conflict("INVALID_TRANSITION", "Ce document ne peut pas passer à cet état.")
}

/// Makes the file anew from what was frozen at the issue: same number, same dates. The former one goes with the sweep
/// of the storage, after the mails that carry it. Nobody is told.
///
/// # Errors
/// 404 when there is none, 409 `CONFLICT` when someone else did at the same time; when rendering fails.
pub async fn regenerate(state: &AppState, admin: &str, id: Uuid) -> ApiResult<()> {
    let row = render::load(state, id).await?;
    let details = json!({ "number": row.number });
    let Some(former) = &row.pdf_key else {
        render::render_one(state, id).await?;
        return Ok(audit::record_alone(state, acts::INVOICE_PDF_GENERATED, admin, id, details).await?);
    };
    let object = render::make(state, &row).await?;
    let replacing = async {
        let mut tx = state.begin().await?;
        if !store::replace_pdf(&mut tx, id, former, &object, state.clock.now()).await? {
            return Err(ApiError::conflict("CONFLICT", "Le PDF vient d’être refait par quelqu’un d’autre."));
        }
        audit::record(&mut tx, acts::INVOICE_PDF_GENERATED, admin, id, details).await?;
        Ok(tx.commit().await?)
    };
    let replaced = replacing.await;
    if replaced.is_err() {
        deletions::abandon(state, &[object.key]).await;
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_or_cancelled_never_waits_again() {
        for wanted in [Wanted::Awaiting, Wanted::Overdue] {
            assert_eq!(wanted.applied(Status::Paid), None);
            assert_eq!(wanted.applied(Status::Cancelled), None);
        }
        assert_eq!(Wanted::Paid.applied(Status::Cancelled), None);
        assert_eq!(Wanted::Paid.applied(Status::Overdue), Some(Status::Paid));
        assert_eq!(Wanted::Awaiting.applied(Status::Overdue), Some(Status::Sent));
        assert_eq!(Wanted::Awaiting.applied(Status::Generated), Some(Status::Generated));
        assert_eq!(Wanted::Cancelled.applied(Status::Paid), Some(Status::Cancelled));
    }
}
