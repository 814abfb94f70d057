//! What of payments comes back by itself: events that failed, sessions nobody told us of, pages to close, cards and
//! customers to remove at Stripe, events long done.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use super::{closing, departures, inbox, reconcile, refunding, refusals};
use crate::jobs::{BATCH, DAILY, MINUTELY, Scheduler, in_batches};

/// How long an applied event is kept: Stripe repeats one for days, an auditor asks for months.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(180);

/// How long an event waits for a payment that may never be ours: money on its way takes two weeks at most.
const PARKED_KEPT: TimeDelta = TimeDelta::days(30);

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("stripe_events", MINUTELY, async |state| Ok(inbox::retry_due(&state).await? as u64));
    scheduler.add("stripe_sessions", 5 * MINUTELY, async |state| Ok(reconcile::run(&state).await? as u64));
    scheduler.add("stripe_closings", MINUTELY, async |state| Ok(closing::run(&state).await? as u64));
    scheduler.add("stripe_departures", MINUTELY, async |state| Ok(departures::run(&state).await? as u64));
    scheduler.add("refund_requests", MINUTELY, async |state| Ok(refunding::run(&state).await? as u64));
    scheduler.add("purge_parked_events", DAILY, async |state| {
        in_batches(state, PARKED_KEPT, delete_parked_events).await
    });
    scheduler.add("refused_payments", MINUTELY, async |state| Ok(refusals::tell_due(&state).await?));
    scheduler.add("purge_stripe_events", DAILY, async |state| {
        in_batches(state, EVENTS_KEPT, delete_stripe_events).await
    });
}

/// Only those whose work is done: a failed or unmatched event still tells of money.
async fn delete_stripe_events(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM stripe_events WHERE received_at < ? AND status = 'PROCESSED' ORDER BY received_at, id LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

async fn delete_parked_events(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM stripe_events WHERE received_at < ? AND status = 'PARKED' ORDER BY received_at, id LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
