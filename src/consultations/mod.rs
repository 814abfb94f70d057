//! Calls that people book with the team: half an hour, by phone, on working days.
//!
//! | path                                    | who              | what it does                                        |
//! |-----------------------------------------|------------------|-----------------------------------------------------|
//! | `POST /consultations/book`              | anyone           | books a call                                        |
//! | `GET /consultations/available-slots`    | anyone           | which start times of a day are free                 |
//! | `GET`, `POST /public/rendez-vous/{token}` | who got the mail | the call, moved or cancelled until a day before     |
//! | `GET /consultations/requests`           | administrators   | the calls that were booked                          |
//! | `PUT /consultations/requests/{id}`      | administrators   | where a request stands, and the team's note         |
//!
//! What can be booked is decided in [`slots`], without a database. That a slot is booked once is a unique key: the row
//! of a call holds its slot until it is cancelled or moved.

mod booking;
pub mod changing;
pub mod invite;
pub mod jobs;
pub mod personal;
mod reminders;
mod requests;
mod routes;
pub mod slots;
mod store;
pub mod told;
mod wire;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use routes::router;

/// Where a booking came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
#[schema(as = ConsultationSource)]
pub enum Source {
    /// The public site.
    #[default]
    LandingPage,
    /// An author's own space.
    ClientSpace,
}

impl Source {
    /// As the team reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::LandingPage => "Site public",
            Self::ClientSpace => "Espace client",
        }
    }
}

/// Where a request stands for the team: the words of messages, which such requests once were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = ConsultationStatus)]
#[allow(missing_docs, reason = "the words of the former platform")]
pub enum Status {
    Brouillon,
    Envoye,
    Delivre,
    #[default]
    Lu,
    Archive,
}

/// A booked call, as what happens to it names it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The booking.
    pub id: Uuid,
    /// First name of who is called.
    pub first_name: String,
    /// Their family name.
    pub last_name: String,
    /// Where mails go.
    pub email: String,
    /// The number to call.
    pub phone: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// How often it was changed.
    pub sequence: u32,
}

impl Call {
    /// First and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}
