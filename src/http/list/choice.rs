//! Filters of a query that take one of several values, a truth value or a day. Absent and empty keep everything.

use chrono::{DateTime, NaiveDate, Utc};

use crate::clock::day_in_paris;
use crate::http::error::{ApiError, ApiResult};

/// The value of a name in a table.
///
/// # Errors
/// 400 `VALIDATION_ERROR` naming `key` and the names it may have.
pub fn one_of<T: Copy>(key: &str, raw: Option<&str>, table: &[(&str, T)]) -> ApiResult<Option<T>> {
    let Some(name) = raw.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| unknown(key, table))
}

/// The value of a name in a table; any other name keeps everything, where the contract says so.
pub fn lenient_one_of<T: Copy>(raw: Option<&str>, table: &[(&str, T)]) -> Option<T> {
    one_of("", raw, table).unwrap_or_default()
}

/// `true`, or false for any other value.
pub fn flag(raw: Option<&str>) -> Option<bool> {
    raw.filter(|text| !text.is_empty()).map(|text| text == "true")
}

/// A day in Europe/Paris: `2026-03-09`, or the day of an instant.
///
/// # Errors
/// 400 `VALIDATION_ERROR` naming `key`.
pub fn day(key: &str, raw: Option<&str>) -> ApiResult<Option<NaiveDate>> {
    let Some(text) = raw.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let instant = || text.parse::<DateTime<Utc>>().map(day_in_paris);
    let day = text.parse::<NaiveDate>().or_else(|_| instant());
    day.map(Some).map_err(|_| {
        ApiError::invalid_field(
            key,
            format!("Le filtre « {key} » doit être une date, par exemple 2026-03-09."),
        )
    })
}

/// A day as [`day`] reads it; anything else keeps everything, where the contract says so.
pub fn lenient_day(raw: Option<&str>) -> Option<NaiveDate> {
    day("", raw).unwrap_or_default()
}

fn unknown<T>(key: &str, table: &[(&str, T)]) -> ApiError {
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    let names = match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} ou {last}", others.join(", ")),
        _ => names.concat(),
    };
    ApiError::invalid_field(key, format!("Le filtre « {key} » doit être {names}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [(&str, u8); 3] = [("un", 1), ("deux", 2), ("trois", 3)];

    #[test]
    fn a_name_gives_its_value_and_another_one_is_refused_or_ignored() {
        assert_eq!(one_of("n", Some("deux"), &TABLE).unwrap(), Some(2));
        assert_eq!(one_of("n", None, &TABLE).unwrap(), None);
        assert_eq!(one_of("n", Some(""), &TABLE).unwrap(), None);
        let refused = one_of("n", Some("Deux"), &TABLE).unwrap_err();
        assert_eq!(refused.message(), "Le filtre « n » doit être un, deux ou trois.");
        assert_eq!(lenient_one_of(Some("Deux"), &TABLE), None);
        assert_eq!(lenient_one_of(Some("trois"), &TABLE), Some(3));
    }

    #[test]
    fn only_true_is_true() {
        assert_eq!(
            [None, Some(""), Some("true"), Some("1")].map(flag),
            [None, None, Some(true), Some(false)]
        );
    }

    #[test]
    fn a_day_is_a_date_or_an_instant_in_paris() {
        let read = |text| day("dateTo", Some(text)).ok().flatten();
        let date = |text: &str| text.parse().ok();
        assert_eq!(read("2026-03-09"), date("2026-03-09"));
        assert_eq!(read("2026-03-09T23:30:00.000Z"), date("2026-03-10"));
        assert_eq!(read(" "), None);
        assert_eq!(day("dateTo", Some("hier")).unwrap_err().code(), "VALIDATION_ERROR");
        assert_eq!(lenient_day(Some("hier")), None);
    }
}
