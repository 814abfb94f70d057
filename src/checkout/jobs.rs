//! What of checkout comes back by itself.

use super::{announce, purge};
use crate::jobs::{HOURLY, MINUTELY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("untold_orders", MINUTELY, async |state| Ok(announce::overdue(&state).await?));
    scheduler.add("pending_orders", HOURLY, async |state| purge::abandoned(&state).await);
}
