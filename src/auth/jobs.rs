//! Dead secret links and tickets, removed after a while; links about to die, reminded of.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use super::activation;
use crate::jobs::{BATCH, HOURLY, Scheduler, in_batches};

/// How long a dead secret link is kept, to answer "this link has expired".
const KEPT: TimeDelta = TimeDelta::days(7);

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("purge_password_resets", HOURLY, async |state| {
        in_batches(state, KEPT, delete_password_resets).await
    });
    scheduler.add("purge_activation_tokens", HOURLY, async |state| {
        in_batches(state, KEPT, delete_activation_tokens).await
    });
    scheduler.add("remind_activations", HOURLY, async |state| activation::remind(&state).await);
    scheduler.add("purge_login_tickets", HOURLY, async |state| {
        in_batches(state, TimeDelta::zero(), delete_login_tickets).await
    });
}

async fn delete_password_resets(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM password_resets WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

async fn delete_activation_tokens(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM activation_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

async fn delete_login_tickets(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    sqlx::query!("DELETE FROM login_tickets WHERE expires_at < ? ORDER BY expires_at LIMIT ?", before, BATCH)
        .execute(conn)
        .await
        .map(|done| done.rows_affected())
}
