//! The webhook inbox as administrators see it: what Stripe told, what became of it, and what is to be decided.

use serde_json::{Value, json};

pub use super::store::{EventFilter, EventStatus, InboxEvent};
use super::{inbox, minimal::minimised, store};
use crate::{
    app::AppState,
    audit::{self, acts},
    http::{
        ApiError, ApiResult, Page,
        list::{Listing, Tally},
    },
};

/// A page of the inbox, the newest first, and how many events stand where.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    state: &AppState,
    filter: &EventFilter,
    page: Page,
) -> ApiResult<(Listing<InboxEvent>, Tally)> {
    let mut conn = state.db.conn().await?;
    let rows = store::event_page(&mut conn, filter, page).await?;
    let count = store::count_events(&mut conn, filter);
    let listing = state.totals.listing("stripe_events", filter, page, rows, count).await?;
    let counts = state.totals.tally("stripe_events", store::events_by_status(&mut conn)).await?;
    conn.release();
    Ok((listing, counts))
}

/// An event, and what it says without what it says of people.
///
/// # Errors
/// 404 without such an event.
pub async fn one(state: &AppState, id: &str) -> ApiResult<(InboxEvent, Value)> {
    let id = named(id)?;
    let mut conn = state.db.conn().await?;
    let event = store::event(&mut conn, id).await?.ok_or_else(unknown)?;
    let payload = store::event_payload(&mut conn, id).await?;
    conn.release();
    Ok((event, serde_json::from_str(&minimised(&payload)).unwrap_or_default()))
}

/// Applies an event now that failed, or met nothing of ours. What comes of it is in the answer: a failure is kept as
/// any other, and tried again by the job.
///
/// # Errors
/// 404 without such an event, 409 `EVENT_SETTLED` for one that was applied or given up.
pub async fn retry(state: &AppState, admin: &str, id: &str) -> ApiResult<InboxEvent> {
    let id = named(id)?;
    let mut tx = state.begin().await?;
    let before = store::lock_event(&mut tx, id).await?.ok_or_else(unknown)?;
    let lease = inbox::take_over(&mut tx, id).await?.ok_or_else(settled)?;
    let details = json!({ "type": before.kind, "status": before.status.0, "attempts": before.attempts });
    audit::record(&mut tx, acts::STRIPE_EVENT_RETRIED, admin, id, details).await?;
    tx.commit().await?;
    if let Err(error) = inbox::retry(state, &lease).await {
        tracing::warn!(event_id = id, code = error.code(), "a Stripe event failed again");
    }
    store::event(&mut *state.db.conn().await?, id).await?.ok_or_else(unknown)
}

/// Gives an event up for good, for a reason that is kept: it is never applied, even if Stripe repeats it.
///
/// # Errors
/// 404 without such an event, 409 `EVENT_SETTLED` for one that was applied or given up.
pub async fn discard(state: &AppState, admin: &str, id: &str, comment: &str) -> ApiResult<InboxEvent> {
    let id = named(id)?;
    let mut tx = state.begin().await?;
    let before = store::lock_event(&mut tx, id).await?.ok_or_else(unknown)?;
    let payload = minimised(&store::event_payload(&mut tx, id).await?);
    let now = tx.now();
    if !store::discard_event(&mut tx, id, &payload, comment, now).await? {
        return Err(settled());
    }
    let details = json!({ "type": before.kind, "status": before.status.0, "comment": comment });
    audit::record(&mut tx, acts::STRIPE_EVENT_DISCARDED, admin, id, details).await?;
    let after = store::event(&mut tx, id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(after)
}

/// An id that can be compared with the column.
fn named(id: &str) -> ApiResult<&str> {
    if id.is_ascii() && id.len() <= 255 { Ok(id) } else { Err(unknown()) }
}

fn unknown() -> ApiError {
    ApiError::not_found("Cet événement n’existe pas.")
}

fn settled() -> ApiError {
    ApiError::conflict("EVENT_SETTLED", "Cet événement a déjà été appliqué ou abandonné.")
}
