//! Working days in France: neither a Saturday, nor a Sunday, nor one of the eleven legal holidays (code du travail, L3133-1).
//!
//! The holidays are those of all of France: Alsace-Moselle and the overseas territories have more, which nobody is
//! assumed to know here.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

/// Holidays that fall on the same day each year, as (month, day).
const FIXED: [(u32, u32); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];

/// Holidays that follow Easter Sunday: the Monday after it, Ascension, Whit Monday, in days after it.
const AFTER_EASTER: [u64; 3] = [1, 39, 50];

/// Whether people work that day: Monday to Friday, and not a legal holiday.
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day)
}

/// Whether that day is a legal holiday in all of France.
#[must_use]
pub fn is_holiday(day: NaiveDate) -> bool {
    FIXED.contains(&(day.month(), day.day()))
        || easter(day.year()).is_some_and(|easter| {
            AFTER_EASTER.iter().any(|after| easter.checked_add_days(Days::new(*after)) == Some(day))
        })
}

/// That day when it is a working one, else the first working day after it.
#[must_use]
pub fn working_day_from(day: NaiveDate) -> NaiveDate {
    // There are never more than four days off in a row; a week bounds the walk at the end of the calendar as well.
    day.iter_days().take(8).find(|day| is_working_day(*day)).unwrap_or(day)
}

/// Easter Sunday of a year of the Gregorian calendar (Meeus, Jones and Butcher).
///
/// Nothing for a year that no date can name.
#[must_use]
pub fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let century = year.div_euclid(100);
    let rest = year.rem_euclid(100);
    let skipped = (century + 8).div_euclid(25);
    let moon = (century - skipped + 1).div_euclid(3);
    let epact = (19 * golden + century - century.div_euclid(4) - moon + 15).rem_euclid(30);
    let sunday =
        (32 + 2 * century.rem_euclid(4) + 2 * rest.div_euclid(4) - epact - rest.rem_euclid(4)).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * sunday).div_euclid(451);
    let days = epact + sunday - 7 * late + 114;
    NaiveDate::from_ymd_opt(
        year,
        u32::try_from(days.div_euclid(31)).ok()?,
        u32::try_from(days.rem_euclid(31) + 1).ok()?,
    )
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike as _, NaiveDate, Weekday};

    use super::{easter, is_holiday, is_working_day, working_day_from};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    /// Published dates of Easter, early, late and either side of century years.
    #[test]
    fn easter_falls_where_the_almanac_says() {
        for text in [
            "1818-03-22",
            "1900-04-15",
            "1943-04-25",
            "1999-04-04",
            "2000-04-23",
            "2008-03-23",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2028-04-16",
            "2035-03-25",
            "2038-04-25",
            "2049-04-18",
            "2100-03-28",
            "2285-03-22",
        ] {
            let date = day(text);
            assert_eq!(easter(date.year()), Some(date));
        }
    }

    #[test]
    fn easter_is_a_sunday_between_its_bounds() {
        for year in 1600..3000 {
            let date = easter(year).expect("a date");
            assert_eq!(date.weekday(), Weekday::Sun, "{date}");
            assert!(date >= day(&format!("{year}-03-22")) && date <= day(&format!("{year}-04-25")), "{date}");
        }
    }

    #[test]
    fn eleven_holidays_of_2026_and_2027() {
        let of = |year: i32| -> Vec<String> {
            day(&format!("{year}-01-01"))
                .iter_days()
                .take(365)
                .filter(|day| is_holiday(*day))
                .map(|day| day.to_string())
                .collect()
        };
        assert_eq!(
            of(2026),
            [
                "2026-01-01",
                "2026-04-06",
                "2026-05-01",
                "2026-05-08",
                "2026-05-14",
                "2026-05-25",
                "2026-07-14",
                "2026-08-15",
                "2026-11-01",
                "2026-11-11",
                "2026-12-25"
            ]
        );
        assert_eq!(
            of(2027),
            [
                "2027-01-01",
                "2027-03-29",
                "2027-05-01",
                "2027-05-06",
                "2027-05-08",
                "2027-05-17",
                "2027-07-14",
                "2027-08-15",
                "2027-11-01",
                "2027-11-11",
                "2027-12-25"
            ]
        );
    }

    #[test]
    fn the_next_working_day_passes_over_week_ends_and_holidays() {
        for (from, to) in [
            ("2026-12-01", "2026-12-01"),
            ("2026-12-25", "2026-12-28"),
            ("2026-04-04", "2026-04-07"),
            ("2026-05-01", "2026-05-04"),
            ("2026-05-08", "2026-05-11"),
            ("2026-05-14", "2026-05-15"),
            ("2028-12-30", "2029-01-02"),
        ] {
            assert_eq!(working_day_from(day(from)), day(to), "from {from}");
            assert!(is_working_day(day(to)));
        }
        assert_eq!(
            working_day_from(NaiveDate::MAX),
            NaiveDate::MAX.iter_days().find(|day| is_working_day(*day)).unwrap_or(NaiveDate::MAX)
        );
    }
}
