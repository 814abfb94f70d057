//! Mails about booked calls.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::samples::{NASTY_TITLE, Sampled, TOKEN, at, s};

/// What happened to a call the team is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// It was booked.
    Booked,
    /// It is at another time now.
    Moved,
    /// It will not be.
    Cancelled,
}

contexts! {
    /// A call was booked or moved; its invitation to a calendar travels as an attachment.
    ConsultationUser {
        first_name: String,
        /// The number that is called.
        phone: String,
        /// The booking: names the event of the calendar, and the page that changes it.
        consultation_id: Uuid,
        starts_at: DateTime<Utc>,
        /// How often it was changed.
        sequence: u32,
        /// When it was, of a call that was moved.
        moved_from: Option<DateTime<Utc>>,
        /// Where it can be moved or cancelled: a signed link, made when the mail is sent.
        page_path: String,
    }

    /// A call was cancelled; what takes it off a calendar travels as an attachment.
    ConsultationCancelledUser {
        first_name: String,
        /// The number that would have been called.
        phone: String,
        /// The booking: names the event of the calendar.
        consultation_id: Uuid,
        starts_at: DateTime<Utc>,
        /// How often it was changed.
        sequence: u32,
    }

    /// A call is tomorrow.
    ConsultationReminderUser {
        first_name: String,
        /// The number that is called.
        phone: String,
        /// The booking.
        consultation_id: Uuid,
        starts_at: DateTime<Utc>,
        /// Where the call is shown: a signed link, made when the mail is sent.
        page_path: String,
    }

    /// The team saw a booking and prepares for it.
    ConsultationProcessedUser {
        first_name: String,
        /// The number that is called.
        phone: String,
        /// The booking.
        consultation_id: Uuid,
        starts_at: DateTime<Utc>,
        /// Where it can be moved or cancelled: a signed link, made when the mail is sent.
        page_path: String,
    }

    /// A call was booked, moved or cancelled, for the team.
    AdminConsultation {
        state: CallState,
        client_name: String,
        client_email: String,
        client_phone: String,
        starts_at: DateTime<Utc>,
        /// When it was, of a call that was moved.
        moved_from: Option<DateTime<Utc>>,
        /// What they say of it.
        message: Option<String>,
        /// Where they booked, in words.
        source: Option<String>,
    }
}

const PAGE: &str = "/api/public/rendez-vous/";
const PHONE: &str = "+33 6 12 34 56 78";

impl Sampled for ConsultationUser {
    fn samples() -> Vec<Self> {
        let booked = Self {
            first_name: s("Éloïse <b>"),
            phone: s(PHONE),
            consultation_id: Uuid::from_u128(7),
            starts_at: at(3, 12, 13, 30),
            sequence: 0,
            moved_from: None,
            page_path: format!("{PAGE}{TOKEN}"),
        };
        let moved = Self { sequence: 1, moved_from: Some(at(3, 11, 9, 0)), ..booked.clone() };
        vec![booked, moved]
    }
}

impl Sampled for ConsultationCancelledUser {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("Éloïse"),
            phone: s(PHONE),
            consultation_id: Uuid::from_u128(7),
            starts_at: at(3, 12, 13, 30),
            sequence: 2,
        }]
    }
}

impl Sampled for ConsultationReminderUser {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("Éloïse"),
            phone: s(PHONE),
            consultation_id: Uuid::from_u128(7),
            starts_at: at(3, 30, 7, 0),
            page_path: format!("{PAGE}{TOKEN}"),
        }]
    }
}

impl Sampled for ConsultationProcessedUser {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("Éloïse"),
            phone: s(PHONE),
            consultation_id: Uuid::from_u128(7),
            starts_at: at(10, 26, 8, 0),
            page_path: format!("{PAGE}{TOKEN}"),
        }]
    }
}

impl Sampled for AdminConsultation {
    fn samples() -> Vec<Self> {
        let booked = Self {
            state: CallState::Booked,
            client_name: s("Éloïse d'Orgeval & <b>Noé</b>"),
            client_email: s("eloise@example.com"),
            client_phone: s(PHONE),
            starts_at: at(3, 12, 13, 30),
            moved_from: None,
            message: Some(format!("Mon projet : {NASTY_TITLE}\n\nÀ bientôt.")),
            source: Some(s("Site public")),
        };
        let moved = Self {
            state: CallState::Moved,
            moved_from: Some(at(3, 11, 9, 0)),
            message: None,
            source: None,
            ..booked.clone()
        };
        let cancelled = Self { state: CallState::Cancelled, moved_from: None, ..moved.clone() };
        vec![booked, moved, cancelled]
    }
}
