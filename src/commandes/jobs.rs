//! What of orders comes back by itself.

use super::references;
use crate::jobs::{HOURLY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("order_references", HOURLY, async |state| Ok(references::fill(&state).await?));
}
