//! What of withdrawals comes back by itself.

use super::matching;
use crate::jobs::{MINUTELY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("withdrawals", MINUTELY, async |state| Ok(matching::run(&state).await?));
}
