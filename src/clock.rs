//! Time and identifiers, injected so that tests decide both. Direct clock and
//! random calls are forbidden elsewhere by `clippy.toml`.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, SubsecRound, Utc};
use chrono_tz::Europe::Paris;
use rand::Rng;
use uuid::Uuid;

/// The source of the current instant.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

/// Moves a manual clock; kept by the test that made it.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let instant = Arc::new(Mutex::new(start));
        (Self(Source::Manual(instant.clone())), ManualClock(instant))
    }

    /// The current instant in UTC, cut to milliseconds: what `DATETIME(3)` keeps, so that a
    /// value compares equal before and after it was stored (MySQL rounds, MariaDB truncates).
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Manual(instant) => *instant.lock().unwrap_or_else(PoisonError::into_inner),
        }
        .trunc_subsecs(3)
    }

    /// Today's date in France.
    pub fn today_in_paris(&self) -> NaiveDate {
        day_in_paris(self.now())
    }
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

/// The calendar day of an instant in Europe/Paris, which dates invoices and reports.
pub fn day_in_paris(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Paris).date_naive()
}

/// The first instant of a day in Europe/Paris.
pub fn start_of_day_in_paris(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    // The clock changes at two or three in the morning there: midnight always exists, and once.
    midnight.and_local_timezone(Paris).earliest().map_or_else(|| midnight.and_utc(), |paris| paris.to_utc())
}

/// A new time-ordered identifier (UUIDv7).
#[allow(clippy::disallowed_methods)]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Fills an array with random bytes from the operating system.
#[allow(clippy::disallowed_methods)]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_paris_begin_at_their_midnight_winter_and_summer() {
        for (day, start) in [
            ("2026-01-15", "2026-01-14T23:00:00Z"),
            ("2026-03-29", "2026-03-28T23:00:00Z"),
            ("2026-03-30", "2026-03-29T22:00:00Z"),
            ("2026-10-26", "2026-10-25T23:00:00Z"),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            let start: DateTime<Utc> = start.parse().unwrap();
            assert_eq!(start_of_day_in_paris(day), start);
            assert_eq!(day_in_paris(start), day);
            assert_eq!(day_in_paris(start - Duration::milliseconds(1)), day.pred_opt().unwrap());
        }
    }
}
