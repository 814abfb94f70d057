//! Rendering after the commit: the PDF is made from the snapshots, stored, and its mail queued in
//! the transaction that notes it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Kind,
    document::{self, InvoiceDocument, PaymentInfo, PaymentMethod},
    store::{self, RenderRow},
    told::{InvoiceReady, RenderingFails},
};
use crate::{
    app::AppState,
    clock::day_in_paris,
    db::{
        self,
        lease::{self, Failed, Lease},
    },
    events::{self, Hint},
    files::{
        deletions,
        storage::{self, StoredObject},
    },
    http::error::{ApiError, ApiResult},
};

pub use super::store::Rendering;

/// Failures after which the administrators are told.
const ALERT_AFTER: u32 = 3;
/// How often the table is looked at without a hint.
const POLL: Duration = Duration::from_secs(10);
const BATCH: u32 = 5;

/// Renders invoices until told to stop.
///
/// # Errors
/// Never; failures are kept with the invoice and tried again.
pub async fn run(state: AppState, stop: CancellationToken) -> anyhow::Result<()> {
    let mut hints = state.bus.subscribe();
    loop {
        if let Err(error) = drain(&state).await {
            tracing::error!(%error, "invoices could not be rendered");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(POLL) => {}
            () = invoice_hint(&mut hints) => {}
        }
    }
}

async fn invoice_hint(hints: &mut tokio::sync::broadcast::Receiver<Hint>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match hints.recv().await {
            Ok(Hint::Invoices) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Renders all that is due now; tells how many were.
///
/// # Errors
/// When the database cannot be asked.
pub async fn drain(state: &AppState) -> ApiResult<usize> {
    let mut done = 0;
    loop {
        let due: Vec<Lease<Rendering>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(done);
        }
        for lease in due {
            if let Err(error) = render_one(state, lease.id).await
                && let Err(unnoted) = note_failure(state, &lease, &error).await
            {
                // Its lease runs out; the others wait for no one.
                tracing::warn!(invoice_id = %lease.id, error = %unnoted, "a failed rendering could not be noted");
            }
            done += 1;
        }
    }
}

/// Makes the file of an invoice unless it has one, and returns its storage key.
///
/// # Errors
/// When rendering, the storage or the database fails.
pub async fn render_one(state: &AppState, id: Uuid) -> ApiResult<String> {
    let row = load(state, id).await?;
    if let Some(key) = row.pdf_key {
        return Ok(key);
    }
    let object = make(state, &row).await?;
    let noted = note_rendered(state, &row, &object).await;
    if let Ok(true) = noted {
        return Ok(object.key);
    }
    deletions::abandon(state, &[object.key]).await;
    noted?;
    // Someone else was quicker.
    load(state, id).await?.pdf_key.ok_or_else(ApiError::unavailable)
}

/// Draws the document and stores its file; no row knows it yet.
pub(super) async fn make(state: &AppState, row: &RenderRow) -> ApiResult<StoredObject> {
    let document = document(row)?;
    let bytes = tokio::task::spawn_blocking(move || document::render(&document))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(state.storage.put_bytes(storage::Kind::Invoices, "pdf", state.clock.now(), &bytes).await?)
}

/// What the document of an invoice is made of.
pub(super) async fn load(state: &AppState, id: Uuid) -> ApiResult<RenderRow> {
    let mut conn = state.db.conn().await?;
    store::for_rendering(&mut conn, id).await?.ok_or_else(|| ApiError::not_found("Facture introuvable."))
}

async fn note_rendered(state: &AppState, row: &RenderRow, object: &StoredObject) -> ApiResult<bool> {
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        if !store::set_rendered(&mut tx, row.id, object, state.clock.now()).await? {
            return Ok(false);
        }
        events::record(&mut tx, ready(row, &object.key)).await?;
        tx.commit().await?;
        Ok::<_, ApiError>(true)
    })
    .await
}

async fn note_failure(state: &AppState, lease: &Lease<Rendering>, error: &ApiError) -> ApiResult<()> {
    let (id, attempts) = (lease.id, lease.attempts);
    tracing::warn!(invoice_id = %id, %error, attempts, "an invoice was not rendered");
    let mut tx = state.begin().await?;
    let given_up = match lease.fail(&mut tx, state.clock.now(), &error.keepable()).await? {
        Failed::NotOurs => return Ok(()),
        Failed::GivenUp => true,
        Failed::Later(_) => false,
    };
    if given_up || attempts >= ALERT_AFTER {
        events::record(&mut tx, RenderingFails { id, attempts, given_up }).await?;
    }
    Ok(tx.commit().await?)
}

/// That its file can be sent, for the first time.
pub(super) fn ready(row: &RenderRow, key: &str) -> InvoiceReady {
    InvoiceReady {
        user_id: row.user_id,
        id: row.id,
        kind: row.kind,
        number: row.number.clone(),
        amount: row.amount.into(),
        tax_amount: row.tax_amount.into(),
        issued_at: row.issued_at,
        pdf_key: key.to_owned(),
        titre: row.titre.clone(),
        reference: row.reference.clone().unwrap_or_default(),
        attempt: 0,
    }
}

/// Reads a snapshot; the cause of a failure names it.
fn snapshot<T: DeserializeOwned>(name: &'static str, value: &Value) -> ApiResult<T> {
    T::deserialize(value).map_err(|error| ApiError::internal(anyhow::Error::new(error).context(name)))
}

/// The document of an issued row: everything comes from its snapshots.
fn document(row: &RenderRow) -> ApiResult<InvoiceDocument> {
    let issued_on = day_in_paris(row.issued_at);
    let paid_on = row.paid_at.map(day_in_paris);
    let kind = match (row.kind, &row.original_number, row.original_issued_at) {
        (Kind::CreditNote, Some(number), Some(date)) => {
            document::Kind::CreditNote { original_number: number.clone(), original_date: day_in_paris(date) }
        }
        _ => document::Kind::Invoice,
    };
    Ok(InvoiceDocument {
        kind,
        number: row.number.clone(),
        issued_on,
        supplied_on: row.supplied_on,
        due_on: row.due_at.map_or(issued_on, day_in_paris),
        paid_on,
        order_reference: row.reference.clone().unwrap_or_default(),
        seller: snapshot("seller", &row.seller.0)?,
        buyer: snapshot("buyer", &row.buyer.0)?,
        lines: snapshot("items", &row.items.0)?,
        vat: row.vat(),
        amount: row.amount.into(),
        tax_amount: row.tax_amount.into(),
        payment: Some(PaymentInfo {
            method: PaymentMethod::Card,
            means: "Carte bancaire (Stripe)".into(),
            reference: row.payment_reference.clone(),
        }),
    })
}
