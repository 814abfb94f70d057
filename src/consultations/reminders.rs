//! The mail of the evening before. A booking holds the instant its reminder is due; whoever takes it off writes the mail
//! in the same transaction, so that a reminder is neither doubled nor forgotten whatever ends in between.

use super::{slots, store, told::ConsultationTomorrow};
use crate::{app::AppState, db::with_retry, events};

/// Sends the reminders that are due; how many.
///
/// # Errors
/// When the database refuses; the next run goes on.
pub(super) async fn send_due(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut sent = 0;
    while let Some(reminded) = with_retry(|| send_next(state)).await? {
        sent += u64::from(reminded);
    }
    Ok(sent)
}

/// Takes the next one that is due: whether it was sent, `None` when there is none.
async fn send_next(state: &AppState) -> Result<Option<bool>, sqlx::Error> {
    let mut tx = state.begin().await?;
    let now = tx.now();
    let Some(due) = store::due_for_reminder(&mut tx, now).await? else { return Ok(None) };
    store::reminded(&mut tx, due.id).await?;
    // A server that was down all night reminds nobody of a call that is over.
    let in_time = due.cancelled_at.is_none() && due.starts_at > now;
    if in_time {
        events::record(&mut tx, ConsultationTomorrow { call: due.into() }).await?;
    } else {
        tracing::warn!(id = %due.id, starts_at = %due.starts_at + slots::LENGTH, "a reminder came too late");
    }
    tx.commit().await?;
    Ok(Some(in_time))
}
