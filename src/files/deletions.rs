//! Objects whose rows are gone: queued with the change that removed the rows, removed from the storage after it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use crate::{
    app::AppState,
    clock::new_id,
    db::{
        Backoff,
        lease::{self, Lease, Queue},
        with_retry,
    },
    events::Hint,
};

/// Objects removed per round.
const BATCH: u32 = 100;

/// Objects to remove, tried until they are gone.
pub enum Deletions {}

impl Queue for Deletions {
    type Id = String;
    const TABLE: &'static str = "storage_deletions";
    const KEY: &'static str = "storage_key";
    const INDEX: &'static str = "storage_deletions_due";
    const LEASE: TimeDelta = TimeDelta::minutes(5);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::days(1));
}

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

/// Removes objects that were kept for rows which then could not be written. After a failure whose outcome is unknown
/// the rows may be there all the same: what a row names stays.
pub async fn abandon(state: &AppState, storage_keys: &[String]) {
    match with_retry(|| queue_unnamed(state, storage_keys)).await {
        Ok(queued) => remove_now(state, &queued).await,
        Err(error) => tracing::warn!(%error, "abandoned objects are left to the sweep of the storage"),
    }
}

async fn queue_unnamed(state: &AppState, storage_keys: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let mut tx = state.begin().await?;
    let mut queued = vec![];
    for key in storage_keys {
        if !is_named(&mut tx, key).await? {
            queue(&mut tx, state.clock.now(), key).await?;
            queued.push(key.clone());
        }
    }
    tx.hint(Hint::Deletions);
    tx.commit().await?;
    Ok(queued)
}

/// Waits for a transaction that is writing such a row.
async fn is_named(conn: &mut MySqlConnection, storage_key: &str) -> Result<bool, sqlx::Error> {
    let file = sqlx::query_scalar!("SELECT id FROM files WHERE storage_key = ? FOR UPDATE", storage_key)
        .fetch_optional(&mut *conn)
        .await?;
    let invoice = sqlx::query_scalar!("SELECT id FROM invoices WHERE pdf_key = ? FOR UPDATE", storage_key)
        .fetch_optional(&mut *conn)
        .await?;
    let export = sqlx::query_scalar!(
        "SELECT id FROM data_exports WHERE archive_key = ? OR document_key = ? FOR UPDATE",
        storage_key,
        storage_key
    )
    .fetch_optional(conn)
    .await?;
    Ok(file.is_some() || invoice.is_some() || export.is_some())
}

/// Removes the objects whose time has come; returns how many went. One that cannot be removed is tried again later,
/// after a pause that doubles.
///
/// # Errors
/// When the database is away. What was removed meanwhile is only removed again, which does nothing.
pub async fn run(state: &AppState) -> anyhow::Result<u64> {
    let mut removed = 0;
    loop {
        let due: Vec<Lease<Deletions>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        for lease in &due {
            removed += u64::from(remove(state, lease).await?);
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

async fn remove(state: &AppState, lease: &Lease<Deletions>) -> Result<bool, sqlx::Error> {
    let removed = state.storage.delete(&lease.id).await;
    let mut conn = state.db.conn().await?;
    match removed {
        Ok(()) => {
            // Queued again meanwhile, it is removed again, which does nothing.
            sqlx::query!(
                "DELETE FROM storage_deletions WHERE storage_key = ? AND next_attempt_at = ?",
                lease.id,
                lease.until
            )
            .execute(&mut *conn)
            .await?;
            Ok(true)
        }
        Err(error) => {
            tracing::warn!(attempts = lease.attempts, %error, "an object could not be removed");
            lease.fail(&mut conn, state.clock.now(), &error.to_string()).await?;
            Ok(false)
        }
    }
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
