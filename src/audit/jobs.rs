//! The log is sealed, and what a cleanup let go is removed.

use super::chain;
use crate::jobs::{DAILY, MINUTELY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("audit_seals", 5 * MINUTELY, async |state| Ok(chain::seal_all(&state).await?));
    scheduler.add("audit_cleanup", DAILY, async |state| chain::purge::purge_rest(&state).await);
}
