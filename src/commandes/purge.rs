//! The job that forgets orders nobody paid.

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::pending;
use crate::{app::AppState, db::with_retry, events::Hint, files::deletions};

/// How long an unpaid order is kept, in days.
const KEPT_DAYS: i64 = 7;

/// How long money on its way is waited for, in days: a bank debit takes two weeks at most.
const MONEY_WAITED_DAYS: i64 = 30;

/// Orders forgotten per transaction.
const BATCH: u32 = 50;

/// Removes the orders that were never paid in seven days and have no payment page that still could be, with their
/// documents; returns how many. Their objects are removed from the storage afterwards.
///
/// # Errors
/// When the database is away.
pub async fn abandoned(state: &AppState) -> anyhow::Result<u64> {
    let mut purged = 0;
    loop {
        let batch = with_retry(|| purge_batch(state)).await?;
        purged += u64::from(batch);
        if batch < BATCH {
            break;
        }
    }
    deletions::run(state).await?;
    Ok(purged)
}

async fn purge_batch(state: &AppState) -> Result<u32, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let ids = lock_abandoned(&mut tx, now).await?;
    for id in &ids {
        pending::remove(&mut tx, now, *id).await?;
    }
    tx.hint(Hint::Deletions);
    tx.commit().await?;
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

async fn lock_abandoned(conn: &mut MySqlConnection, now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    let cutoff = now - Duration::days(KEPT_DAYS);
    sqlx::query_scalar!(
        "SELECT p.id FROM pending_commandes p
         WHERE p.status IN ('PENDING', 'EXPIRED') AND p.created_at < ? AND p.commande_id IS NULL
           AND NOT EXISTS (
             SELECT 1 FROM checkout_sessions s
             WHERE s.pending_commande_id = p.id
               AND (s.status = 'PAID' OR (s.status IN ('CREATING', 'OPEN') AND s.created_at >= ?)
                    OR (s.status = 'PROCESSING' AND s.created_at >= ?)))
         ORDER BY p.created_at, p.id LIMIT ? FOR UPDATE SKIP LOCKED",
        cutoff,
        cutoff,
        now - Duration::days(MONEY_WAITED_DAYS),
        BATCH
    )
    .fetch_all(conn)
    .await
}
