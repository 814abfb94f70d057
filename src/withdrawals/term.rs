//! Until when a buyer may withdraw.

use chrono::{DateTime, Days, Utc};

use crate::{
    calendar::working_day_from,
    clock::{day_in_paris, start_of_day_in_paris},
};

/// Days of the period (code de la consommation, article L221-18).
const DAYS: u64 = 14;

/// The end of the period of a contract concluded at that instant: from then on it is too late.
///
/// The day of the contract does not count, and a period that would end on a Saturday, a Sunday or a holiday ends with the
/// next working day (article L221-19).
pub fn end(concluded_at: DateTime<Utc>) -> DateTime<Utc> {
    let last = day_in_paris(concluded_at).checked_add_days(Days::new(DAYS)).map(working_day_from);
    last.and_then(|last| last.succ_opt()).map_or(DateTime::<Utc>::MAX_UTC, start_of_day_in_paris)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::end;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_period_ends_at_midnight_in_paris_of_its_last_working_day() {
        for (paid, over) in [
            // Tuesday 10 March: the 24th is a Tuesday.
            ("2026-03-10T09:00:00Z", "2026-03-24T23:00:00Z"),
            // Half an hour before midnight UTC, it is the next day in Paris.
            ("2026-03-10T23:30:00Z", "2026-03-25T23:00:00Z"),
            // Summer time has begun when it ends.
            ("2026-03-20T09:00:00Z", "2026-04-03T22:00:00Z"),
            // The 4th of April is the Saturday before Easter, Monday is a holiday.
            ("2026-03-21T09:00:00Z", "2026-04-07T22:00:00Z"),
            // The 25th of December is a Friday.
            ("2026-12-11T09:00:00Z", "2026-12-28T23:00:00Z"),
            // The 1st of May is a Friday; the 4th a Monday.
            ("2026-04-17T09:00:00Z", "2026-05-04T22:00:00Z"),
            // A leap day on the way.
            ("2028-02-20T12:00:00Z", "2028-03-06T23:00:00Z"),
        ] {
            assert_eq!(end(at(paid)), at(over), "paid at {paid}");
        }
    }
}
