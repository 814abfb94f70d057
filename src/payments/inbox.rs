//! Stripe's events, applied once each: the event's row and all it causes are one transaction. What
//! fails is kept and tried again by a job until it succeeds or an administrator gives it up.

use chrono::{DateTime, Utc};

use super::{
    event::{EventError, StripeEvent},
    failures,
    minimal::minimised,
    refunds,
    settlement::{self, Outcome},
    store::{self, EventStatus, Kept, SessionState, StoredEvent},
    told::{INVOICES, PaymentAlert, Trouble},
    unmatched::Unmatched,
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
    /// It speaks of a payment that may be another site's, and is applied if that turns out to be ours.
    Parked,
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
        Ok(Applied::Done) => Ok(Receipt::Processed),
        Ok(Applied::Before) => Ok(Receipt::Duplicate),
        Ok(Applied::Unmatched(Unmatched::Payment { intent })) => {
            await_payment(state, event, payload, &intent).await
        }
        Ok(Applied::Unmatched(why)) => keep_unmatched(state, event, &stored, &why).await,
        Err(error) => {
            keep_failed(state, &stored, &error, lease).await?;
            Err(error)
        }
    }
}

/// What a try came to.
enum Applied {
    Done,
    Before,
    Unmatched(Unmatched),
}

async fn apply_once(state: &AppState, event: &StripeEvent, stored: &StoredEvent<'_>) -> ApiResult<Applied> {
    let mut tx = state.begin().await?;
    if !store::take_event(&mut tx, stored, state.clock.now()).await? {
        return Ok(Applied::Before);
    }
    if let Some(why) = apply(&mut tx, state, event).await? {
        return Ok(Applied::Unmatched(why));
    }
    tx.commit().await?;
    Ok(Applied::Done)
}

/// Does what an event asks for; tells why when it speaks of nothing of ours.
async fn apply(tx: &mut Tx, state: &AppState, event: &StripeEvent) -> ApiResult<Option<Unmatched>> {
    match event.kind.as_str() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            let session = event.checkout_session().map_err(unreadable)?;
            match settlement::settle(tx, state, &session, told_at(state, event)).await? {
                Outcome::Unmatched(why) => Ok(Some(why)),
                Outcome::Settled | Outcome::AlreadySettled | Outcome::Waiting => Ok(None),
            }
        }
        "checkout.session.async_payment_failed" => {
            let session = event.checkout_session().map_err(unreadable)?;
            let ours = failures::session_closed(tx, state, &session, SessionState::Failed).await?;
            Ok((!ours).then_some(Unmatched::Session))
        }
        "checkout.session.expired" => {
            let session = event.checkout_session().map_err(unreadable)?;
            failures::session_closed(tx, state, &session, SessionState::Expired).await?;
            Ok(None)
        }
        "payment_intent.payment_failed" => {
            failures::payment_refused(tx, state, &event.payment_intent().map_err(unreadable)?).await?;
            Ok(None)
        }
        _ => apply_to_payment(tx, state, event).await,
    }
}

/// The events about a payment made before.
async fn apply_to_payment(
    tx: &mut Tx,
    state: &AppState,
    event: &StripeEvent,
) -> ApiResult<Option<Unmatched>> {
    match event.kind.as_str() {
        "charge.refunded" => {
            let charge = event.charge().map_err(unreadable)?;
            refunds::charge_refunded(tx, state, &charge, told_at(state, event)).await
        }
        "charge.dispute.created" => refunds::dispute_opened(tx, &event.dispute().map_err(unreadable)?).await,
        _ => Ok(None),
    }
}

/// When Stripe says that it happened; the future is a clock that runs fast.
fn told_at(state: &AppState, event: &StripeEvent) -> DateTime<Utc> {
    let now = state.clock.now();
    event.created.unwrap_or(now).min(now)
}

/// Whether an event waits for its payment when that is not known yet, whatever site it is of.
pub fn may_await(event: &StripeEvent) -> bool {
    matches!(event.kind.as_str(), "charge.refunded" | "charge.dispute.created")
}

fn unreadable(error: EventError) -> ApiError {
    ApiError::bad_request("UNREADABLE_EVENT", "Cet événement ne peut pas être lu.").caused_by(error)
}

/// Keeps an event about money that cannot be booked and tells the administrators once.
async fn keep_unmatched(
    state: &AppState,
    event: &StripeEvent,
    stored: &StoredEvent<'_>,
    why: &Unmatched,
) -> ApiResult<Receipt> {
    let awaits = match why {
        Unmatched::Payment { intent } => Some(intent.as_str()),
        Unmatched::Session | Unmatched::Currency(_) | Unmatched::OrderGone => None,
    };
    let kept = Kept { status: EventStatus::Unmatched, error: None, retry_at: None, awaits };
    let mut tx = state.begin().await?;
    store::keep_event(&mut tx, stored, kept, state.clock.now()).await?;
    events::record(&mut tx, why.alert(event.object_id().unwrap_or(&event.id))).await?;
    tx.commit().await?;
    Ok(Receipt::Unmatched)
}

/// Lets an event wait for a payment we do not know yet. Of one that does not say whose it is nothing personal is kept,
/// and nobody is told: it may well be another site's.
async fn await_payment(
    state: &AppState,
    event: &StripeEvent,
    payload: &str,
    intent: &str,
) -> ApiResult<Receipt> {
    let stored = StoredEvent { id: &event.id, kind: &event.kind, object_id: event.object_id(), payload };
    let receipt = if event.source().is_some() {
        let why = Unmatched::Payment { intent: intent.to_owned() };
        keep_unmatched(state, event, &stored, &why).await?
    } else {
        let kept = Kept { status: EventStatus::Parked, error: None, retry_at: None, awaits: Some(intent) };
        let stored = StoredEvent { payload: &minimised(payload), ..stored };
        let mut tx = state.begin().await?;
        store::keep_event(&mut tx, &stored, kept, state.clock.now()).await?;
        tx.commit().await?;
        Receipt::Parked
    };
    match db::with_retry(|| apply_if_paid(state, intent)).await? {
        true => Ok(Receipt::Processed),
        false => Ok(receipt),
    }
}

/// Applies what waits for a payment, if that has come meanwhile. A settlement under way looks for those who wait after
/// it wrote the payment, and this looks for the payment after it wrote who waits: one of them finds the other.
async fn apply_if_paid(state: &AppState, intent: &str) -> ApiResult<bool> {
    let mut tx = state.begin().await?;
    if store::lock_payment(&mut tx, intent).await?.is_none() {
        return Ok(false);
    }
    apply_awaiting(&mut tx, state, intent).await?;
    tx.commit().await?;
    Ok(true)
}

/// Applies the events that waited for a payment, which the caller has just written or locked.
///
/// # Errors
/// When the database refuses.
pub async fn apply_awaiting(tx: &mut Tx, state: &AppState, intent: &str) -> ApiResult<()> {
    for waiting in store::lock_events_awaiting(tx, intent).await? {
        let Ok(event) = StripeEvent::parse(waiting.payload.as_bytes()) else { continue };
        match apply_to_payment(tx, state, &event).await {
            Ok(None) => {
                let payload = minimised(&waiting.payload);
                store::set_processed(tx, &waiting.id, &payload, state.clock.now()).await?;
            }
            Ok(Some(_)) => {}
            // It goes on waiting, for someone: a payment is not held up by it.
            Err(error) if error.status().is_client_error() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
    // What cannot be read today is no more readable tomorrow: it waits for someone.
    let readable = !error.status().is_client_error();
    let retry_at = readable.then(|| now + Inbox::BACKOFF.after(attempts.saturating_add(1)));
    let cause = error.keepable();
    let kept = Kept { status: EventStatus::Failed, error: Some(&cause), retry_at, awaits: None };
    store::keep_event(&mut tx, stored, kept, now).await?;
    if !readable {
        events::record(&mut tx, not_readable(stored)).await?;
    } else if attempts >= ALERT_AFTER {
        events::record(&mut tx, still_failing(stored)).await?;
    }
    Ok(tx.commit().await?)
}

fn not_readable(stored: &StoredEvent<'_>) -> PaymentAlert {
    let message = format!(
        "L’événement {} de Stripe ({}) ne peut pas être lu : il est conservé et n’est pas appliqué.",
        stored.id, stored.kind
    );
    PaymentAlert { message, ..still_failing(stored) }
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

/// Takes an event from the job for a while, so that it can be tried at once; tells whether there was anything to try.
///
/// # Errors
/// When the database refuses.
pub async fn take_over(tx: &mut Tx, id: &str) -> Result<Option<Lease<Inbox>>, sqlx::Error> {
    let until = tx.now() + Inbox::LEASE;
    let taken = store::take_over(tx, id, until).await?;
    Ok(taken.then(|| Lease { id: id.to_owned(), attempts: 0, until }))
}

/// Applies a stored event under a lease. What fails is kept as [`receive`] keeps it.
///
/// # Errors
/// Why it could not be applied.
pub async fn retry(state: &AppState, lease: &Lease<Inbox>) -> ApiResult<Receipt> {
    let payload = {
        let mut conn = state.db.conn().await?;
        store::event_payload(&mut conn, &lease.id).await?
    };
    let event = StripeEvent::parse(payload.as_bytes()).map_err(unreadable)?;
    attempt(state, &event, &payload, Some(lease)).await
}
