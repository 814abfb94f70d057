//! What of the calls comes back by itself.

use super::reminders;
use crate::jobs::{MINUTELY, Scheduler};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("call_reminders", MINUTELY, async |state| Ok(reminders::send_due(&state).await?));
}
