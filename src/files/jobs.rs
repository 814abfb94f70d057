//! What of files comes back by itself: objects to remove, objects nobody knows, uploads that never ended.

use super::{deletions, journal, orphans, unsent};
use crate::jobs::{DAILY, HOURLY, MINUTELY, Scheduler, in_batches};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("storage_deletions", MINUTELY, async |state| deletions::run(&state).await);
    scheduler.add("orphaned_objects", DAILY, async |state| Ok(orphans::sweep(&state).await?.removed));
    scheduler.add("download_notes", DAILY, async |state| {
        in_batches(state, journal::KEPT, journal::delete_old).await
    });
    scheduler.add("unsent_attachments", DAILY, async |state| unsent::remove(&state).await);
    scheduler.add("unfinished_uploads", HOURLY, async |state| {
        let day_ago = state.clock.now() - chrono::Duration::days(1);
        Ok(state.storage.sweep_tmp(day_ago).await? as u64)
    });
}
