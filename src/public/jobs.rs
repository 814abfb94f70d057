//! What visitors left long ago, removed.

use chrono::TimeDelta;

use super::{
    newsletter,
    receipts::{self, DAY},
};
use crate::jobs::{DAILY, HOURLY, Scheduler, in_batches};

/// Adds this slice's jobs.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("form_receipts", HOURLY, async |state| in_batches(state, DAY, receipts::forget).await);
    scheduler.add("newsletter_unconfirmed", DAILY, async |state| {
        in_batches(state, TimeDelta::zero(), newsletter::forget_unconfirmed).await
    });
}
