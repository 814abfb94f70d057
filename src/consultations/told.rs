//! What happens to booked calls, and whom it tells.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Call, Source, slots};
use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
};

/// Where the team reads of calls.
const INBOX: &str = "/admin/messagerie";

/// The subject of the message that tells of a booking.
pub(super) const SUBJECT: &str = "Demande de consultation gratuite";

/// The text of the message that tells of a booking.
pub(super) fn summary(call: &Call, message: Option<&str>) -> String {
    let Call { email, phone, starts_at, .. } = call;
    let words = message.map(|message| format!("\n\nMessage :\n{message}")).unwrap_or_default();
    format!(
        "Demande de consultation de {}.\n\nDate : {}\nHeure : {}\nTéléphone : {phone}\nE-mail : {email}{words}",
        call.name(),
        slots::day_label(*starts_at),
        slots::time_label(*starts_at),
    )
}

/// What was asked for, as programs know it.
pub(super) fn asked(call: &Call, message: Option<&str>, source: Source) -> Value {
    let paris = call.starts_at.with_timezone(&chrono_tz::Europe::Paris);
    let mut asked = json!({
        "firstName": call.first_name, "lastName": call.last_name, "email": call.email, "phone": call.phone,
        "requestedDate": paris.format("%Y-%m-%d").to_string(), "requestedTime": slots::time_label(call.starts_at),
        "source": source,
    });
    if let (Some(message), Some(fields)) = (message, asked.as_object_mut()) {
        fields.insert("message".to_owned(), json!(message));
    }
    asked
}

impl Call {
    fn person(&self) -> Whom<'_> {
        Whom::Guest { name: &self.first_name, email: &self.email }
    }

    /// The same happening to the same call, at this stage of its life.
    fn subject(&self) -> String {
        format!("{}:{}", self.id, self.sequence)
    }

    fn invitation(&self, moved_from: Option<DateTime<Utc>>) -> mails::ConsultationUser {
        mails::ConsultationUser {
            first_name: self.first_name.clone(),
            phone: self.phone.clone(),
            consultation_id: self.id,
            starts_at: self.starts_at,
            sequence: self.sequence,
            moved_from,
            page_path: String::new(),
        }
    }

    fn for_team(&self, state: mails::CallState, message: Option<String>) -> mails::AdminConsultation {
        mails::AdminConsultation {
            state,
            client_name: self.name(),
            client_email: self.email.clone(),
            client_phone: self.phone.clone(),
            starts_at: self.starts_at,
            moved_from: None,
            message,
            source: None,
        }
    }

    fn bell(&self, priority: BellPriority, title: &str, what: &str) -> Bell {
        let message = format!("{} {what} le {}.", self.name(), slots::label(self.starts_at));
        Bell::new(BellKind::Consultation, priority, title, message).leading_to(INBOX)
    }

    fn data(&self, source: Option<Source>, message: Option<&str>) -> Value {
        json!({
            "isConsultationRequest": true, "consultationId": self.id, "clientName": self.name(),
            "clientEmail": self.email, "clientPhone": self.phone,
            "requestedDate": slots::day_label(self.starts_at), "requestedTime": slots::time_label(self.starts_at),
            "clientMessage": message, "source": source.map(Source::label),
        })
    }
}

/// A call was booked.
#[derive(Clone)]
pub struct ConsultationBooked {
    /// The call.
    pub call: Call,
    /// What they say of it.
    pub message: Option<String>,
    /// Where they booked.
    pub source: Source,
}

impl Happening for ConsultationBooked {
    fn subject(&self) -> String {
        self.call.subject()
    }

    fn concerns(&self) -> Whom<'_> {
        self.call.person()
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { call, message, source } = self;
        let bell = call
            .bell(BellPriority::Haute, "Nouvelle demande de consultation", "a réservé un appel")
            .with_data(call.data(Some(*source), message.as_deref()));
        let team = mails::AdminConsultation {
            source: Some(source.label().to_owned()),
            ..call.for_team(mails::CallState::Booked, message.clone())
        };
        Telling {
            bell: None,
            mail: Some(call.invitation(None).into()),
            team_bell: Some(bell),
            team_mail: Some(team.into()),
        }
    }
}

/// A call was moved by whoever booked it.
#[derive(Clone)]
pub struct ConsultationMoved {
    /// The call as it is now.
    pub call: Call,
    /// When it was.
    pub from: DateTime<Utc>,
}

impl Happening for ConsultationMoved {
    fn subject(&self) -> String {
        self.call.subject()
    }

    fn concerns(&self) -> Whom<'_> {
        self.call.person()
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { call, from } = self;
        let bell = call
            .bell(BellPriority::Haute, "Consultation déplacée", "a déplacé son appel : il aura lieu")
            .with_data(call.data(None, None));
        let team = mails::AdminConsultation {
            moved_from: Some(*from),
            ..call.for_team(mails::CallState::Moved, None)
        };
        Telling {
            bell: None,
            mail: Some(call.invitation(Some(*from)).into()),
            team_bell: Some(bell),
            team_mail: Some(team.into()),
        }
    }
}

/// A call was cancelled by whoever booked it.
#[derive(Clone)]
pub struct ConsultationCancelled {
    /// The call.
    pub call: Call,
}

impl Happening for ConsultationCancelled {
    fn subject(&self) -> String {
        self.call.subject()
    }

    fn concerns(&self) -> Whom<'_> {
        self.call.person()
    }

    fn tell(&self, _: &Person) -> Telling {
        let call = &self.call;
        let bell = call
            .bell(BellPriority::Haute, "Consultation annulée", "a annulé son appel prévu")
            .with_data(call.data(None, None));
        let mail = mails::ConsultationCancelledUser {
            first_name: call.first_name.clone(),
            phone: call.phone.clone(),
            consultation_id: call.id,
            starts_at: call.starts_at,
            sequence: call.sequence,
        };
        let team = call.for_team(mails::CallState::Cancelled, None);
        Telling { bell: None, mail: Some(mail.into()), team_bell: Some(bell), team_mail: Some(team.into()) }
    }
}

/// A call is tomorrow.
#[derive(Clone)]
pub struct ConsultationTomorrow {
    /// The call.
    pub call: Call,
}

impl Happening for ConsultationTomorrow {
    fn subject(&self) -> String {
        self.call.subject()
    }

    fn concerns(&self) -> Whom<'_> {
        self.call.person()
    }

    fn tell(&self, _: &Person) -> Telling {
        let mail = mails::ConsultationReminderUser {
            first_name: self.call.first_name.clone(),
            phone: self.call.phone.clone(),
            consultation_id: self.call.id,
            starts_at: self.call.starts_at,
            page_path: String::new(),
        };
        Telling::person(None, Some(mail.into()))
    }
}

/// The team saw a booking.
#[derive(Clone)]
pub struct ConsultationProcessed {
    /// The call.
    pub call: Call,
}

impl Happening for ConsultationProcessed {
    fn subject(&self) -> String {
        // Told once, however often the team comes back to it.
        self.call.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        self.call.person()
    }

    fn tell(&self, _: &Person) -> Telling {
        let mail = mails::ConsultationProcessedUser {
            first_name: self.call.first_name.clone(),
            phone: self.call.phone.clone(),
            consultation_id: self.call.id,
            starts_at: self.call.starts_at,
            page_path: String::new(),
        };
        Telling::person(None, Some(mail.into()))
    }
}
