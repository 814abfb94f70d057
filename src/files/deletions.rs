//! Objects whose rows are gone: queued with the change that removed the rows, removed from the storage after it.

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{app::AppState, clock::new_id, db::with_retry};

/// Objects removed per round.
const BATCH: u32 = 100;

/// The first pause after a failure, doubled each time, and the longest one.
const FIRST_PAUSE_SECS: i64 = 60;
const LONGEST_PAUSE_SECS: i64 = 24 * 3600;

/// Queues an object for removal, in the transaction that removes its row.
///
/// # Errors
/// When the database refuses.
pub async fn queue(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    storage_key: &str,
) -> Result<(), sqlx::Error> {
    // The same object queued twice is removed once.
    sqlx::query!(
        "INSERT INTO storage_deletions (id, storage_key, attempts, next_attempt_at, created_at) VALUES (?, ?, 0, ?, ?)
         ON DUPLICATE KEY UPDATE next_attempt_at = VALUES(next_attempt_at)",
        new_id(),
        storage_key,
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes the objects whose time has come; returns how many went. One that cannot be removed is tried again later,
/// after a pause that doubles.
///
/// # Errors
/// When the database is away. What was removed meanwhile is only removed again, which does nothing.
pub async fn run(state: &AppState) -> anyhow::Result<u64> {
    let mut removed = 0;
    loop {
        let due = with_retry(|| claim(state)).await?;
        for object in &due {
            removed += u64::from(remove(state, object).await?);
        }
        if due.len() < BATCH as usize {
            return Ok(removed);
        }
    }
}

/// Removes these queued objects now, as far as it goes: what fails stays queued.
pub async fn remove_now(state: &AppState, storage_keys: &[String]) {
    for key in storage_keys {
        if let Err(error) = remove_key(state, key).await {
            tracing::warn!(error = format!("{error:#}"), "an object stays queued for removal");
        }
    }
}

struct Due {
    id: Uuid,
    storage_key: String,
    attempts: u32,
}

/// Takes due rows and already writes when they would be tried again, so that a crash or a failure needs no other write.
async fn claim(state: &AppState) -> Result<Vec<Due>, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let due = sqlx::query_as!(
        Due,
        "SELECT id, storage_key, attempts FROM storage_deletions WHERE next_attempt_at <= ?
         ORDER BY next_attempt_at, id LIMIT ? FOR UPDATE SKIP LOCKED",
        now,
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    for object in &due {
        sqlx::query!(
            "UPDATE storage_deletions SET attempts = attempts + 1, next_attempt_at = ? WHERE id = ?",
            now + pause(object.attempts),
            object.id
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(due)
}

async fn remove(state: &AppState, object: &Due) -> Result<bool, sqlx::Error> {
    match state.storage.delete(&object.storage_key).await {
        Ok(()) => {}
        Err(error) => {
            tracing::warn!(attempts = object.attempts + 1, %error, "an object could not be removed");
            return Ok(false);
        }
    }
    forget(state, &object.storage_key).await?;
    Ok(true)
}

async fn remove_key(state: &AppState, storage_key: &str) -> anyhow::Result<()> {
    state.storage.delete(storage_key).await?;
    forget(state, storage_key).await?;
    Ok(())
}

async fn forget(state: &AppState, storage_key: &str) -> Result<(), sqlx::Error> {
    let mut conn = state.db.conn().await?;
    sqlx::query!("DELETE FROM storage_deletions WHERE storage_key = ?", storage_key)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

fn pause(attempts: u32) -> Duration {
    let doubled = FIRST_PAUSE_SECS.saturating_mul(1_i64.checked_shl(attempts.min(32)).unwrap_or(i64::MAX));
    Duration::seconds(doubled.min(LONGEST_PAUSE_SECS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_day() {
        let minutes = |attempts| pause(attempts).num_minutes();
        assert_eq!([minutes(0), minutes(1), minutes(5)], [1, 2, 32]);
        assert_eq!([minutes(11), minutes(40), minutes(u32::MAX)], [1440; 3]);
    }
}
