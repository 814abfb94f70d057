//! What the booking form sends, judged.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    Source,
    booking::Wish,
    slots::{self, Refusal},
};
use crate::{
    checkout::Fields,
    http::{ApiResult, Problems},
    users::rules,
};

/// A call someone asks for.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BookingForm {
    #[schema(required, min_length = 1, max_length = 100)]
    first_name: Option<String>,
    #[schema(required, min_length = 1, max_length = 100)]
    last_name: Option<String>,
    #[schema(required, format = Email, max_length = 255)]
    email: Option<String>,
    /// The number to call.
    #[schema(required, min_length = 1, max_length = 20)]
    phone: Option<String>,
    /// A working day: today, or one of the next seven.
    #[schema(required, format = Date, example = "2026-03-12")]
    date: Option<String>,
    /// One of the thirteen start times, in France.
    #[schema(required, pattern = "^(09|10|11|14|15|16):(00|30)$|^17:00$", example = "14:30")]
    time: Option<String>,
    #[schema(max_length = 2000)]
    message: Option<String>,
    #[serde(default)]
    source: Option<Source>,
    /// Left empty by people.
    #[schema(max_length = 200)]
    website: Option<String>,
}

/// Longest message of a booking, in characters.
const MESSAGE_MAX: usize = 2_000;

impl BookingForm {
    /// Whether a robot filled it in.
    pub(super) fn is_trapped(&self) -> bool {
        self.website.as_deref().is_some_and(|website| !website.trim().is_empty())
    }

    /// What is asked for.
    ///
    /// # Errors
    /// 400 `VALIDATION_ERROR` with everything that is wrong.
    pub(super) fn judged(self, now: DateTime<Utc>, user_id: Option<Uuid>) -> ApiResult<Wish> {
        let source = self.source.unwrap_or_default();
        let fields = Fields::of([
            ("firstName", self.first_name),
            ("lastName", self.last_name),
            ("email", self.email),
            ("phone", self.phone),
            ("date", self.date),
            ("time", self.time),
            ("message", self.message),
        ]);
        let mut problems = Problems::default();
        let first_name = fields.required("firstName", "Le prénom", 1, rules::NAME_MAX, &mut problems);
        let last_name = fields.required("lastName", "Le nom", 1, rules::NAME_MAX, &mut problems);
        let email = fields.email("email", &mut problems);
        let phone = fields.required("phone", "Le numéro de téléphone", 1, rules::PHONE_MAX, &mut problems);
        let starts_at = moment(&fields, now, &mut problems);
        let message = fields.text("message", MESSAGE_MAX, &mut problems);
        problems.finish()?;
        // Without one there was a problem.
        let starts_at = starts_at.unwrap_or(now);
        Ok(Wish { first_name, last_name, email, phone, starts_at, message, source, user_id })
    }
}

fn moment(fields: &Fields, now: DateTime<Utc>, problems: &mut Problems) -> Option<DateTime<Utc>> {
    let day = fields.raw("date").and_then(day);
    let time = fields.raw("time").and_then(time);
    if day.is_none() {
        problems.add("date", "invalid", "La date doit être écrite AAAA-MM-JJ.");
    }
    if time.is_none() {
        problems.add("time", "invalid", "L’heure doit être écrite HH:MM.");
    }
    match slots::judge(day?, time?, now) {
        Ok(at) => Some(at),
        Err(refusal) => {
            let (field, message) = told(refusal);
            problems.add(field, "unavailable", message);
            None
        }
    }
}

/// The field a refusal is about, and what to say of it.
fn told(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::NoStart => {
            ("time", "Aucun rendez-vous ne commence à cette heure : choisissez l’un des créneaux proposés.")
        }
        Refusal::DayOff => ("date", "Nous n’appelons ni le week-end ni les jours fériés."),
        Refusal::Past => ("date", "La date et l’heure du rendez-vous doivent être dans le futur."),
        Refusal::TooFar => ("date", "Un rendez-vous se prend dans les sept prochains jours ouvrés."),
    }
}

/// A day written `2026-03-12`, and in no other way.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let strict = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| strict)
}

/// A time written `09:30`, and in no other way.
fn time(text: &str) -> Option<NaiveTime> {
    let strict = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| strict)
}
