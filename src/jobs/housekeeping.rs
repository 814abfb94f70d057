//! Rows nobody needs any more, removed a batch at a time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use super::Scheduler;
use crate::app::AppState;

/// Rows removed by one statement: enough to be quick, few enough to lock little.
const BATCH: u64 = 1000;

const HOURLY: Duration = Duration::from_secs(3600);
const DAILY: Duration = Duration::from_secs(24 * 3600);

/// How long a dead secret link is kept, to answer "this link has expired".
const TOKENS_KEPT: TimeDelta = TimeDelta::days(7);
const MAILS_KEPT: TimeDelta = TimeDelta::days(90);
const NOTIFICATIONS_KEPT: TimeDelta = TimeDelta::days(90);
const STRIPE_EVENTS_KEPT: TimeDelta = TimeDelta::days(180);

pub(super) fn register(scheduler: &mut Scheduler) {
    scheduler.add("purge_password_resets", HOURLY, purge_password_resets);
    scheduler.add("purge_activation_tokens", HOURLY, purge_activation_tokens);
    scheduler.add("purge_sent_mails", DAILY, purge_sent_mails);
    scheduler.add("purge_notifications", DAILY, purge_notifications);
    scheduler.add("purge_stripe_events", DAILY, purge_stripe_events);
}

/// Repeats a statement that removes one batch until a batch is not full; answers how many rows went.
macro_rules! in_batches {
    ($state:ident, $kept:expr, $delete:path) => {{
        let before = $state.clock.now() - $kept;
        let mut total = 0;
        loop {
            // Given back between batches: other work comes first.
            let mut conn = $state.db.conn().await?;
            let removed = $delete(&mut conn, before).await?;
            total += removed;
            if removed < BATCH {
                return Ok(total);
            }
        }
    }};
}

async fn purge_password_resets(state: AppState) -> anyhow::Result<u64> {
    in_batches!(state, TOKENS_KEPT, delete_password_resets)
}

async fn purge_activation_tokens(state: AppState) -> anyhow::Result<u64> {
    in_batches!(state, TOKENS_KEPT, delete_activation_tokens)
}

async fn purge_sent_mails(state: AppState) -> anyhow::Result<u64> {
    in_batches!(state, MAILS_KEPT, delete_sent_mails)
}

async fn purge_notifications(state: AppState) -> anyhow::Result<u64> {
    in_batches!(state, NOTIFICATIONS_KEPT, delete_notifications)
}

async fn purge_stripe_events(state: AppState) -> anyhow::Result<u64> {
    in_batches!(state, STRIPE_EVENTS_KEPT, delete_stripe_events)
}

type Removed = Result<u64, sqlx::Error>;

async fn delete_password_resets(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Removed {
    sqlx::query!(
        "DELETE FROM password_resets WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

async fn delete_activation_tokens(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Removed {
    sqlx::query!(
        "DELETE FROM activation_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Dead mails stay: someone must decide about them.
async fn delete_sent_mails(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Removed {
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

async fn delete_notifications(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Removed {
    sqlx::query!("DELETE FROM notifications WHERE expires_at < ? ORDER BY expires_at LIMIT ?", before, BATCH)
        .execute(conn)
        .await
        .map(|done| done.rows_affected())
}

/// Only those whose work is done: a failed or unmatched event still tells of money.
async fn delete_stripe_events(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Removed {
    sqlx::query!(
        "DELETE FROM stripe_events WHERE received_at < ? AND status = 'PROCESSED' ORDER BY received_at, id LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
