//! Rows nobody needs any more, removed a batch at a time. Which rows, and for how long they are kept, their slices say.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use crate::app::AppState;

/// Rows removed by one statement: enough to be quick, few enough to lock little.
pub const BATCH: u64 = 1000;

/// Repeats a statement that removes at most [`BATCH`] rows older than `kept` until a batch is not full; answers how
/// many rows went.
///
/// # Errors
/// When the database is away.
pub async fn in_batches<F>(state: AppState, kept: TimeDelta, delete: F) -> anyhow::Result<u64>
where
    F: AsyncFn(&mut MySqlConnection, DateTime<Utc>) -> Result<u64, sqlx::Error>,
{
    let before = state.clock.now() - kept;
    let mut total = 0;
    loop {
        // Given back between batches: other work comes first.
        let mut conn = state.db.conn().await?;
        let removed = delete(&mut conn, before).await?;
        total += removed;
        if removed < BATCH {
            return Ok(total);
        }
    }
}
