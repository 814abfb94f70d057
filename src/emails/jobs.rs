//! Mails sent long ago, removed.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use super::personal;
use crate::jobs::{BATCH, DAILY, Scheduler, in_batches};

const KEPT: TimeDelta = TimeDelta::days(90);

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("purge_sent_mails", DAILY, async |state| in_batches(state, KEPT, delete_sent_mails).await);
    scheduler.add("mails_of_erased", DAILY, async |state| personal::forget_settled(&state).await);
}

/// Dead mails stay: someone must decide about them.
async fn delete_sent_mails(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM email_outbox WHERE created_at < ? AND status = 'SENT' AND sent_at < ? ORDER BY created_at, id LIMIT ?",
        before,
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
