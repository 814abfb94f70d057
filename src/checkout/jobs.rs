//! What of checkout comes back by itself.

use super::purge;
use crate::jobs::{HOURLY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("pending_orders", HOURLY, async |state| purge::abandoned(&state).await);
}
