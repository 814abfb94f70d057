use chrono::{Datelike, TimeZone, Weekday};
use proptest::prelude::*;

use super::*;
use crate::calendar::{easter, is_holiday};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn days_from(now: &str) -> Vec<String> {
    days(at(now)).iter().map(NaiveDate::to_string).collect()
}

#[test]
fn thirteen_calls_a_day_of_half_an_hour() {
    let starts: Vec<_> = times().map(|time| time.format("%H:%M").to_string()).collect();
    assert_eq!(
        starts.join(" "),
        "09:00 09:30 10:00 10:30 11:00 11:30 14:00 14:30 15:00 15:30 16:00 16:30 17:00"
    );
    let instants: Vec<_> = of_day(day("2026-03-12")).map(|(_, at)| at).collect();
    assert!(instants.windows(2).all(|pair| pair[1] - pair[0] >= LENGTH));
}

#[test]
fn the_same_time_of_day_on_both_sides_of_a_change_of_clocks() {
    for (day_text, utc) in [
        ("2026-03-27", "2026-03-27T08:00:00Z"),
        ("2026-03-30", "2026-03-30T07:00:00Z"),
        ("2026-10-23", "2026-10-23T07:00:00Z"),
        ("2026-10-26", "2026-10-26T08:00:00Z"),
    ] {
        assert_eq!(instant(day(day_text), time("09:00")), Some(at(utc)));
        assert_eq!(label(at(utc)).split(" à ").nth(1), Some("09:00"));
    }
}

#[test]
fn seven_working_days_after_today() {
    assert_eq!(
        days_from("2026-03-10T09:00:00Z"),
        [
            "2026-03-10",
            "2026-03-11",
            "2026-03-12",
            "2026-03-13",
            "2026-03-16",
            "2026-03-17",
            "2026-03-18",
            "2026-03-19"
        ]
    );
    // A Sunday; Easter Monday in between.
    assert_eq!(
        days_from("2026-04-05T09:00:00Z"),
        ["2026-04-07", "2026-04-08", "2026-04-09", "2026-04-10", "2026-04-13", "2026-04-14", "2026-04-15"]
    );
    // Still yesterday in London: a Tuesday in Paris, then the 1st and the 8th of May, and Ascension.
    assert_eq!(
        days_from("2026-04-27T22:30:00Z"),
        [
            "2026-04-28",
            "2026-04-29",
            "2026-04-30",
            "2026-05-04",
            "2026-05-05",
            "2026-05-06",
            "2026-05-07",
            "2026-05-11"
        ]
    );
}

#[test]
fn what_cannot_be_booked_is_told_why() {
    let now = at("2026-04-02T13:30:00Z"); // Thursday, 15:30 in Paris
    let judged = |date: &str, hour: &str| judge(day(date), time(hour), now);
    assert_eq!(judged("2026-04-02", "16:00"), Ok(at("2026-04-02T14:00:00Z")));
    assert_eq!(judged("2026-04-02", "15:30"), Err(Refusal::Past));
    assert_eq!(judged("2026-04-01", "16:00"), Err(Refusal::Past));
    assert_eq!(judged("2026-04-04", "16:00"), Err(Refusal::DayOff));
    assert_eq!(judged("2026-04-06", "16:00"), Err(Refusal::DayOff), "Easter Monday");
    assert_eq!(judged("2026-04-03", "12:00"), Err(Refusal::NoStart));
    assert_eq!(judged("2026-04-03", "09:15"), Err(Refusal::NoStart));
    assert_eq!(judged("2026-04-14", "09:00"), Ok(at("2026-04-14T07:00:00Z")), "the seventh");
    assert_eq!(judged("2026-04-15", "09:00"), Err(Refusal::TooFar));
    assert_eq!(judged("9999-12-31", "09:00"), Err(Refusal::TooFar));
}

#[test]
fn a_reminder_leaves_at_six_the_evening_before() {
    let now = at("2026-03-10T09:00:00Z");
    assert_eq!(reminder(at("2026-03-12T08:00:00Z"), now), Some(at("2026-03-11T17:00:00Z")));
    // The clocks change in between: Sunday evening is in summer time already.
    assert_eq!(reminder(at("2026-03-30T07:00:00Z"), now), Some(at("2026-03-29T16:00:00Z")));
    assert_eq!(reminder(at("2026-03-10T16:00:00Z"), now), None);
    assert_eq!(reminder(at("2026-03-11T08:00:00Z"), at("2026-03-10T17:00:00Z")), None);
}

#[test]
fn people_read_days_and_times_of_france() {
    assert_eq!(label(at("2026-03-12T13:30:00Z")), "jeudi 12\u{a0}mars 2026 à 14:30");
    assert_eq!(label(at("2026-09-01T07:00:00Z")), "mardi 1er\u{a0}septembre 2026 à 09:00");
}

fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    // 2020 to 2100.
    (1_577_836_800_i64..4_102_444_800).prop_map(|seconds| Utc.timestamp_opt(seconds, 0).unwrap())
}

proptest! {
    /// Whatever is offered can be booked, and nothing else.
    #[test]
    fn what_is_offered_is_what_can_be_booked(now in any_instant()) {
        let offered = all(now);
        let today = now.with_timezone(&Paris).date_naive();
        let mut bookable = Vec::new();
        for day in today.iter_days().take(21) {
            for time in times() {
                bookable.extend(judge(day, time, now));
            }
        }
        prop_assert_eq!(&offered, &bookable);
        prop_assert!(offered.len() >= 7 * 13 && offered.len() <= 8 * 13);
        prop_assert!(offered.windows(2).all(|pair| pair[0] < pair[1]));
    }

    /// Nobody works when a call is refused for it, and calls are at office hours in France all year.
    #[test]
    fn calls_are_at_office_hours_on_working_days(now in any_instant()) {
        for at in all(now) {
            let paris = at.with_timezone(&Paris);
            let day = paris.date_naive();
            prop_assert!(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day));
            prop_assert!((9..=17).contains(&paris.hour()) && paris.minute() % 30 == 0);
            prop_assert!(reminder(at, now).is_none_or(|remind| remind > now && remind < at));
        }
    }

    /// The three holidays that move, in any year.
    #[test]
    fn nobody_is_called_on_the_holidays_that_follow_easter(year in 2020_i32..2100) {
        let sunday = easter(year).unwrap();
        for after in [1, 39, 50] {
            let holiday = sunday.checked_add_days(Days::new(after)).unwrap();
            let now = instant(holiday.pred_opt().unwrap(), time("06:00")).unwrap();
            prop_assert_eq!(judge(holiday, time("10:00"), now), Err(Refusal::DayOff));
            prop_assert!(!days(now).contains(&holiday));
        }
    }
}
