//! Stripe's events, applied once each: the event's row and all it causes are one transaction. What
//! fails is kept and tried again by a job until it succeeds or an administrator gives it up.

use super::{
    event::{EventError, StripeEvent},
    failures,
    minimal::minimised,
    refunds,
    settlement::{self, Outcome},
    store::{self, EventStatus, SessionState, StoredEvent},
    told::{INVOICES, PaymentAlert, Trouble},
};
use crate::{
    app::AppState,
    db::{
        self,
        lease::{self, Lease, Queue},
    },
    events::{self, Tx},
    http::error::{ApiError, ApiResult},
};

pub use super::store::Inbox;

/// Failures after which the administrators are told.
const ALERT_AFTER: u32 = 3;
const BATCH: u32 = 20;

/// What became of a delivered event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Applied now, or nothing was to be done.
    Processed,
    /// Applied by an earlier delivery.
    Duplicate,
    /// It speaks of a session or a payment that we do not know.
    Unmatched,
}

/// Applies an event; `payload` is its body as received. It is kept whole until it is applied, then reduced to what
/// reconciles the money.
///
/// # Errors
/// When it could not be applied: it is then kept for [`retry_due`], unless the database is away.
pub async fn receive(state: &AppState, event: &StripeEvent, payload: &str) -> ApiResult<Receipt> {
    attempt(state, event, payload, None).await
}

async fn attempt(
    state: &AppState,
    event: &StripeEvent,
    payload: &str,
    lease: Option<&Lease<Inbox>>,
) -> ApiResult<Receipt> {
    let stored = StoredEvent { id: &event.id, kind: &event.kind, object_id: event.object_id(), payload };
    let minimised = minimised(payload);
    let applied = StoredEvent { payload: &minimised, ..stored };
    match db::with_retry(|| apply_once(state, event, &applied)).await {
        Ok(Receipt::Unmatched) => keep_unmatched(state, event, &stored).await,
        Ok(receipt) => Ok(receipt),
        Err(error) => {
            keep_failed(state, &stored, &error, lease).await?;
            Err(error)
        }
    }
}

async fn apply_once(state: &AppState, event: &StripeEvent, stored: &StoredEvent<'_>) -> ApiResult<Receipt> {
    let mut tx = state.begin().await?;
    if !store::take_event(&mut tx, stored, state.clock.now()).await? {
        return Ok(Receipt::Duplicate);
    }
    if !apply(&mut tx, state, event).await? {
        return Ok(Receipt::Unmatched);
    }
    tx.commit().await?;
    Ok(Receipt::Processed)
}

/// Does what an event asks for; false when it speaks of nothing of ours.
async fn apply(tx: &mut Tx, state: &AppState, event: &StripeEvent) -> ApiResult<bool> {
    match event.kind.as_str() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            let session = event.checkout_session().map_err(unreadable)?;
            Ok(settlement::settle(tx, state, &session).await? != Outcome::Unmatched)
        }
        "checkout.session.async_payment_failed" => {
            let session = event.checkout_session().map_err(unreadable)?;
            failures::session_closed(tx, state, &session, SessionState::Failed).await
        }
        "checkout.session.expired" => {
            let session = event.checkout_session().map_err(unreadable)?;
            failures::session_closed(tx, state, &session, SessionState::Expired).await?;
            Ok(true)
        }
        "payment_intent.payment_failed" => {
            failures::payment_refused(tx, state, &event.payment_intent().map_err(unreadable)?).await?;
            Ok(true)
        }
        "charge.refunded" => {
            let charge = event.charge().map_err(unreadable)?;
            refunds::charge_refunded(tx, state, &charge).await
        }
        "charge.dispute.created" => {
            let dispute = event.dispute().map_err(unreadable)?;
            refunds::dispute_opened(tx, &dispute).await?;
            Ok(true)
        }
        _ => Ok(true),
    }
}

fn unreadable(error: EventError) -> ApiError {
    ApiError::internal(error)
}

/// Keeps an event about a payment of nobody's and tells the administrators once.
async fn keep_unmatched(
    state: &AppState,
    event: &StripeEvent,
    stored: &StoredEvent<'_>,
) -> ApiResult<Receipt> {
    let mut tx = state.begin().await?;
    store::keep_event(&mut tx, stored, EventStatus::Unmatched, None, state.clock.now(), None).await?;
    let object = event.object_id().unwrap_or(&event.id);
    events::record(
        &mut tx,
        PaymentAlert {
            trouble: Trouble::Unmatched,
            about: object.to_owned(),
            title: "Paiement sans commande".into(),
            message: format!("Stripe annonce un paiement ({object}) qui ne correspond à aucune commande."),
            action_path: INVOICES,
        },
    )
    .await?;
    tx.commit().await?;
    Ok(Receipt::Unmatched)
}

/// Keeps an event that failed, delivered or tried by the job under a lease.
async fn keep_failed(
    state: &AppState,
    stored: &StoredEvent<'_>,
    error: &ApiError,
    lease: Option<&Lease<Inbox>>,
) -> ApiResult<()> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    if let Some(lease) = lease
        && !lease.hold(&mut tx).await?
    {
        return Ok(());
    }
    let attempts = store::event_attempts(&mut tx, stored.id).await?;
    let retry_at = Some(now + Inbox::BACKOFF.after(attempts.saturating_add(1)));
    // The code only: a driver's text may quote personal values.
    store::keep_event(&mut tx, stored, EventStatus::Failed, Some(error.code()), now, retry_at).await?;
    if attempts >= ALERT_AFTER {
        events::record(&mut tx, still_failing(stored)).await?;
    }
    Ok(tx.commit().await?)
}

fn still_failing(stored: &StoredEvent<'_>) -> PaymentAlert {
    PaymentAlert {
        trouble: Trouble::Anomaly,
        about: stored.id.to_owned(),
        title: "Un paiement ne peut pas être enregistré".into(),
        message: format!(
            "L’événement {} de Stripe ({}) échoue à chaque essai ; les essais continuent.",
            stored.id, stored.kind
        ),
        action_path: INVOICES,
    }
}

/// Tries the failed events that are due; tells how many succeeded.
///
/// # Errors
/// When the database cannot be asked.
pub async fn retry_due(state: &AppState) -> ApiResult<usize> {
    let due: Vec<Lease<Inbox>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
    let mut succeeded = 0;
    for lease in due {
        match retry(state, &lease).await {
            Ok(_) => succeeded += 1,
            Err(error) => {
                tracing::warn!(event_id = lease.id, code = error.code(), "a Stripe event failed again");
            }
        }
    }
    Ok(succeeded)
}

async fn retry(state: &AppState, lease: &Lease<Inbox>) -> ApiResult<Receipt> {
    let payload = {
        let mut conn = state.db.conn().await?;
        store::event_payload(&mut conn, &lease.id).await?
    };
    let event = StripeEvent::parse(payload.as_bytes()).map_err(ApiError::internal)?;
    attempt(state, &event, &payload, Some(lease)).await
}
