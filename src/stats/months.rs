//! Months in Europe/Paris.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};

use crate::clock::{day_in_paris, start_of_day_in_paris};

/// Months of a year of figures, the one in progress included.
pub const YEAR: usize = 12;

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The month an instant belongs to.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self::of(day_in_paris(now))
    }

    /// So many months before.
    #[must_use]
    pub fn back(self, months: u32) -> Self {
        Self(self.0.checked_sub_months(Months::new(months)).unwrap_or(self.0))
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.next().0 - Days::new(1)
    }

    /// Its first instant.
    pub fn start(self) -> DateTime<Utc> {
        start_of_day_in_paris(self.0)
    }

    /// The first instant after it.
    pub fn end(self) -> DateTime<Utc> {
        self.next().start()
    }

    /// `2026-03`
    pub fn key(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }
}

/// The twelve months up to that of an instant, oldest first.
pub fn year_until(now: DateTime<Utc>) -> [Month; YEAR] {
    let current = Month::at(now);
    std::array::from_fn(|index| current.back((YEAR - 1 - index) as u32))
}
