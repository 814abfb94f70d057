//! What of pages comes back by itself.

use super::service;
use crate::jobs::{MINUTELY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("scheduled_pages", MINUTELY, async |state| Ok(service::publish_due(&state).await?));
}
