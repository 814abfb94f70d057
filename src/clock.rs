//! The time of day, injected.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Where the time of day comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Clock {
        Clock(Arc::new(Utc::now))
    }

    /// A clock that moves only when told to, and the handle that moves it.
    pub fn manual(start: DateTime<Utc>) -> (Clock, ManualClock) {
        let hand = ManualClock(Arc::new(Mutex::new(start)));
        let read = hand.clone();
        (Clock(Arc::new(move || read.get())), hand)
    }

    /// The current time, cut to milliseconds, which is what the database keeps.
    pub fn now(&self) -> DateTime<Utc> {
        let now = (self.0)();
        now.duration_trunc(TimeDelta::milliseconds(1))
            .unwrap_or(now)
    }
}

/// Moves a manual [`Clock`].
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// The time shown.
    pub fn get(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}
