//! The file of erasures, kept up with the table.

use super::erasures;
use crate::jobs::{MINUTELY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("erasure_log", MINUTELY, async |state| erasures::write_down(&state).await);
}
