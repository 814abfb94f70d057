//! Removing what is old enough: the rows of whole seals, the oldest first; the seals stay, and the cleanup is on record.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::{seal, store};
use crate::{
    app::AppState,
    audit::{self, acts},
    db::with_retry,
    http::error::{ApiError, ApiResult},
};

/// How long a request waits for the rows to go; a job removes what is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a cleanup came to.
pub struct Cleaned {
    /// Rows that go.
    pub rows: u64,
    /// Nothing at or after this instant went.
    pub cutoff: DateTime<Utc>,
}

/// Lets go what is older than `days`. A seal whose rows are not all old enough keeps all of them.
///
/// # Errors
/// 400 outside of 30 to 3650 days.
pub async fn clean(state: &AppState, admin: &str, days: u32) -> ApiResult<Cleaned> {
    if !(30..=3650).contains(&days) {
        return Err(ApiError::invalid_field("days", "Le nombre de jours à conserver va de 30 à 3650."));
    }
    seal::seal_all(state).await?;
    let cutoff = state.clock.now() - TimeDelta::days(days.into());
    let rows = with_retry(|| record(state, admin, days, cutoff)).await?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && purge_one(state).await?.is_some() {}
    Ok(Cleaned { rows, cutoff })
}

/// One transaction: the act, and the seals it concerns. From then on their rows may go at any time.
async fn record(state: &AppState, admin: &str, days: u32, cutoff: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let mut tx = state.begin().await?;
    // Nobody seals or cleans meanwhile.
    store::lock_last(&mut tx).await?;
    let first_kept = store::first_kept(&mut tx, cutoff).await?.unwrap_or(u64::MAX);
    let (through, rows) = store::to_purge(&mut tx, first_kept).await?;
    if let Some(through) = through {
        store::set_purging(&mut tx, through).await?;
    }
    let details = json!({
        "action": "CLEANUP_AUDIT_LOGS",
        "daysToKeep": days,
        "cutoffDate": crate::http::iso::Iso(cutoff),
        "throughSeal": store::purged_through(&mut tx).await?,
        "rows": rows,
    });
    audit::record(&mut tx, acts::AUDIT_LOGS_CLEANUP, admin, None::<Uuid>, details).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Removes the rows of one seal that a cleanup let go; tells how many, or that there is none.
async fn purge_one(state: &AppState) -> Result<Option<u64>, sqlx::Error> {
    let Some(seal) = store::next_purging(&mut *state.db.conn().await?).await? else { return Ok(None) };
    let gone = with_retry(|| async {
        let mut tx = state.db.begin().await?;
        let gone = store::purge(&mut tx, seal).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(gone)
    });
    gone.await.map(Some)
}

/// The job that removes what a request had no time for; answers how many rows.
///
/// # Errors
/// When the database refuses.
pub async fn purge_rest(state: &AppState) -> anyhow::Result<u64> {
    let mut gone = 0;
    while let Some(rows) = purge_one(state).await? {
        gone += rows;
    }
    Ok(gone)
}
