//! When a call can be: a pure matter of the calendar and the clock of France.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Europe::Paris;

use crate::calendar::is_working_day;

/// How long a call lasts.
pub const LENGTH: TimeDelta = TimeDelta::minutes(30);

/// Working days after today that can be booked.
const HORIZON: usize = 7;

/// The start times of a day, in hours and minutes.
const STARTS: [(u32, u32); 13] = [
    (9, 0),
    (9, 30),
    (10, 0),
    (10, 30),
    (11, 0),
    (11, 30),
    (14, 0),
    (14, 30),
    (15, 0),
    (15, 30),
    (16, 0),
    (16, 30),
    (17, 0),
];

/// When the reminder of a call leaves, the day before.
const REMINDER: (u32, u32) = (18, 0);

const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// Why a call cannot be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No call starts at such a time.
    NoStart,
    /// A Saturday, a Sunday or a public holiday.
    DayOff,
    /// It has begun.
    Past,
    /// Beyond the days that can be booked.
    TooFar,
}

/// The start times of a day.
pub fn times() -> impl Iterator<Item = NaiveTime> {
    STARTS.into_iter().filter_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0))
}

/// An instant of a day in France.
pub fn instant(day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    // Clocks change at two or three in the morning: no time of day this is asked for is missing or comes twice.
    day.and_time(time).and_local_timezone(Paris).single().map(|paris| paris.to_utc())
}

/// The start times of a day, and the instants they are.
pub fn of_day(day: NaiveDate) -> impl Iterator<Item = (NaiveTime, DateTime<Utc>)> {
    times().filter_map(move |time| Some((time, instant(day, time)?)))
}

/// The days that can be booked: today, if people work, and the next seven working days.
pub fn days(now: DateTime<Utc>) -> Vec<NaiveDate> {
    let today = now.with_timezone(&Paris).date_naive();
    let later = today.iter_days().skip(1).filter(|day| is_working_day(*day)).take(HORIZON);
    is_working_day(today).then_some(today).into_iter().chain(later).collect()
}

/// Every instant at which a call could begin, taken or not.
pub fn all(now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let starts = days(now).into_iter().flat_map(of_day).map(|(_, at)| at);
    starts.filter(|at| *at > now).collect()
}

/// The instant of a call on this day at this time, if one can be then.
///
/// # Errors
/// Why not.
pub fn judge(day: NaiveDate, time: NaiveTime, now: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
    let (_, at) = of_day(day).find(|(start, _)| *start == time).ok_or(Refusal::NoStart)?;
    if at <= now {
        return Err(Refusal::Past);
    }
    if !is_working_day(day) {
        return Err(Refusal::DayOff);
    }
    match days(now).contains(&day) {
        true => Ok(at),
        false => Err(Refusal::TooFar),
    }
}

/// When the reminder of a call leaves: at six in the evening the day before, unless that is past.
pub fn reminder(starts_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let day = starts_at.with_timezone(&Paris).date_naive().checked_sub_days(Days::new(1))?;
    let time = NaiveTime::from_hms_opt(REMINDER.0, REMINDER.1, 0)?;
    instant(day, time).filter(|at| *at > now)
}

/// `jeudi 12 mars 2026`, in France.
pub fn day_label(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&Paris);
    let weekday = DAYS.get(at.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
    let month = MONTHS.get(at.month0() as usize).copied().unwrap_or_default();
    let day = match at.day() {
        1 => "1er".to_owned(),
        day => day.to_string(),
    };
    format!("{weekday} {day}\u{a0}{month} {}", at.year())
}

/// `14:30`, in France.
pub fn time_label(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&Paris);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `jeudi 12 mars 2026 à 14:30`, in France.
pub fn label(at: DateTime<Utc>) -> String {
    format!("{} à {}", day_label(at), time_label(at))
}

#[cfg(test)]
mod tests;
