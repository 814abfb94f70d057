//! Instants on the wire: ISO 8601, UTC, always three decimals and `Z`.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// An instant that serialises as `2025-07-30T12:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, format = DateTime, example = "2025-07-30T12:00:00.000Z")]
pub struct Iso(pub DateTime<Utc>);

impl Serialize for Iso {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match written(self.0).as_ref().map(|text| str::from_utf8(text)) {
            Some(Ok(text)) => serializer.serialize_str(text),
            _ => serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true)),
        }
    }
}

/// The written form of an instant between the years 0 and 9999, leap seconds aside. A list has dozens of them, and the
/// general writer takes as long for each as the database driver for its row.
fn written(instant: DateTime<Utc>) -> Option<[u8; 24]> {
    let at = instant.naive_utc();
    let year = u32::try_from(at.year()).ok().filter(|year| *year <= 9999)?;
    let millis = Some(at.nanosecond() / 1_000_000).filter(|millis| *millis < 1000)?;
    let (month, day, hour, minute, second) = (at.month(), at.day(), at.hour(), at.minute(), at.second());
    let digit = |number: u32, unit: u32| b'0' + (number / unit % 10) as u8;
    let [y, c, d, u] = [1000, 100, 10, 1].map(|unit| digit(year, unit));
    let [month, day, hour, minute, second] =
        [month, day, hour, minute, second].map(|number| [digit(number, 10), digit(number, 1)]);
    let [h, t, m] = [100, 10, 1].map(|unit| digit(millis, unit));
    let ([m1, m2], [d1, d2], [h1, h2], [n1, n2], [s1, s2]) = (month, day, hour, minute, second);
    Some([
        y, c, d, u, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'.', h, t, m, b'Z',
    ])
}

impl From<DateTime<Utc>> for Iso {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_written_as_the_general_writer_does(millis in -62_167_219_200_000_i64..=253_402_300_799_999, nanos in 0_u32..1_000_000) {
            let at = DateTime::from_timestamp_millis(millis).unwrap() + chrono::TimeDelta::nanoseconds(nanos.into());
            let text = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            prop_assert_eq!(serde_json::to_string(&Iso(at)).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_written_too() {
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let text = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            assert_eq!(serde_json::to_string(&Iso(at)).unwrap(), format!("\"{text}\""));
        }
    }
}
