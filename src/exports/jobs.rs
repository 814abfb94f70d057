//! Exports past their time, removed with their objects.

use crate::{
    app::AppState,
    db::with_retry,
    events::Hint,
    exports::store,
    files::deletions,
    jobs::{HOURLY, Scheduler},
};

/// Exports removed by one transaction.
const BATCH: u32 = 100;

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("purge_exports", HOURLY, purge);
}

async fn purge(state: AppState) -> anyhow::Result<u64> {
    let mut total = 0;
    loop {
        let removed = with_retry(|| remove_some(&state)).await?;
        total += removed as u64;
        if removed < BATCH as usize {
            return Ok(total);
        }
    }
}

async fn remove_some(state: &AppState) -> Result<usize, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let expired = store::lock_expired(&mut tx, now, BATCH).await?;
    for old in &expired {
        for key in old.keys() {
            deletions::queue(&mut tx, now, key).await?;
        }
        store::delete(&mut tx, old).await?;
    }
    tx.hint(Hint::Deletions);
    tx.commit().await?;
    Ok(expired.len())
}
