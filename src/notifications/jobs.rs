//! Notifications shown no more, removed after a while.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use crate::jobs::{BATCH, DAILY, Scheduler, in_batches};

/// How long after its expiry a notification is kept.
const KEPT: TimeDelta = TimeDelta::days(90);

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler
        .add("purge_notifications", DAILY, async |state| in_batches(state, KEPT, delete_notifications).await);
}

async fn delete_notifications(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    sqlx::query!("DELETE FROM notifications WHERE expires_at < ? ORDER BY expires_at LIMIT ?", before, BATCH)
        .execute(conn)
        .await
        .map(|done| done.rows_affected())
}
