//! Attachments of messages that were never sent: whoever closed the page will not come back for them.

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{deletions, store};
use crate::{
    app::AppState,
    audit::{self, Severity, acts},
    db::with_retry,
    events::Hint,
};

/// How long they may wait to be sent.
const KEPT: Duration = Duration::days(30);

/// How far back the job looks: what is older was looked at often enough.
const LOOKED_AT: Duration = Duration::days(120);

/// Attachments per transaction.
const BATCH: u32 = 100;

/// Removes them; returns how many went.
///
/// # Errors
/// When the database is away.
pub(super) async fn remove(state: &AppState) -> anyhow::Result<u64> {
    let mut removed = 0;
    loop {
        let batch = with_retry(|| remove_batch(state)).await?;
        removed += u64::from(batch);
        if batch < BATCH {
            return Ok(removed);
        }
    }
}

async fn remove_batch(state: &AppState) -> Result<u32, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let mut removed = 0;
    for (id, key) in lock_unsent(&mut tx, now).await? {
        store::delete(&mut tx, id).await?;
        deletions::queue(&mut tx, now, &key).await?;
        audit::record(&mut tx, acts::FILE_DELETED.at(Severity::Low), audit::SYSTEM, id, None).await?;
        removed += 1;
    }
    tx.hint(Hint::Deletions);
    tx.commit().await?;
    Ok(removed)
}

/// One that is being sent at this moment is locked by who sends it, and waited for.
async fn lock_unsent(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let unsent = sqlx::query!(
        "SELECT id FROM files f
         WHERE created_at >= ? AND created_at < ? AND commande_id IS NULL AND pending_commande_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM message_attachments a WHERE a.file_id = f.id)
         ORDER BY created_at LIMIT ?",
        now - LOOKED_AT,
        now - KEPT,
        BATCH
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut locked = Vec::with_capacity(unsent.len());
    for row in unsent {
        let Some(document) = store::lock(conn, row.id).await? else { continue };
        // Asked once it is locked: a statement sees what was there when it began.
        let sent =
            sqlx::query_scalar!("SELECT id FROM message_attachments WHERE file_id = ? LIMIT 1", row.id);
        if sent.fetch_optional(&mut *conn).await?.is_none() {
            locked.push((row.id, document.storage_key));
        }
    }
    Ok(locked)
}
