//! What visitors of the public site do, and whom it tells.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Letter, Person, StoredAttachment, Telling, Whom},
    mails,
};

/// Where the team reads what visitors write.
const INBOX: &str = "/admin/messagerie";

/// Characters of a message a bell shows.
const EXCERPT: usize = 100;

fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(EXCERPT).collect();
    if text.chars().nth(EXCERPT).is_some() {
        short.push('…');
    }
    short
}

/// A visitor wrote by the contact form.
#[derive(Clone)]
pub struct ContactReceived {
    /// The message it became.
    pub message_id: Uuid,
    /// Name of the visitor.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their phone number.
    pub phone: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub message: String,
    /// Whether they are written to.
    pub acknowledge: bool,
}

impl Happening for ContactReceived {
    fn subject(&self) -> String {
        self.message_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.name, email: &self.email }
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { name, email, phone, subject, message, .. } = self;
        let told = format!("{name} : « {} »", excerpt(message));
        let bell = Bell::new(BellKind::Message, BellPriority::Normale, "Nouveau message de contact", told)
            .leading_to(INBOX)
            .with_data(json!({
                "isContactMessage": true, "contactName": name, "contactEmail": email, "contactPhone": phone,
                "contactSubject": subject,
            }));
        let team = mails::AdminContactMessage {
            contact_name: name.clone(),
            contact_email: email.clone(),
            contact_phone: phone.clone(),
            contact_subject: subject.clone(),
            contact_message: message.clone(),
        };
        let mail = self.acknowledge.then(|| {
            Letter::from(mails::VisitorContactConfirmation {
                name: name.clone(),
                subject: subject.clone(),
                support_delay: "24 h".to_owned(),
            })
        });
        Telling { bell: None, mail, team_bell: Some(bell), team_mail: Some(team.into()) }
    }
}

/// The document of a request for a free sample.
#[derive(Clone)]
pub struct SampleFile {
    /// Its name.
    pub name: String,
    /// Its type.
    pub mime: &'static str,
    /// Where it is kept.
    pub storage_key: String,
    /// Bytes.
    pub size: u64,
}

impl SampleFile {
    /// `123 Ko`, never none.
    pub fn size_label(&self) -> String {
        format!("{} Ko", self.size.div_ceil(1024))
    }
}

/// A visitor asked for a free sample.
#[derive(Clone)]
pub struct SampleRequested {
    /// The message it became.
    pub message_id: Uuid,
    /// Name of the visitor.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their phone number.
    pub phone: String,
    /// Kind of text.
    pub genre: Option<String>,
    /// What they say of it.
    pub description: Option<String>,
    /// The extract.
    pub file: Option<SampleFile>,
    /// Whether they are written to.
    pub acknowledge: bool,
}

impl Happening for SampleRequested {
    fn subject(&self) -> String {
        self.message_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.name, email: &self.email }
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { name, email, phone, genre, file, .. } = self;
        let told = match file {
            Some(file) => format!("{name} demande un échantillon gratuit et joint « {} ».", file.name),
            None => format!("{name} demande un échantillon gratuit, sans document."),
        };
        let title = "Nouvelle demande d’échantillon gratuit";
        let bell = Bell::new(BellKind::Message, BellPriority::Haute, title, told)
            .leading_to(INBOX)
            .with_data(json!({
                "isFreeSample": true, "prospectName": name, "prospectEmail": email, "prospectPhone": phone,
                "genre": genre, "fileName": file.as_ref().map(|file| &file.name),
            }));
        Telling {
            bell: None,
            mail: self.acknowledgement(),
            team_bell: Some(bell),
            team_mail: Some(self.for_team()),
        }
    }
}

impl SampleRequested {
    fn acknowledgement(&self) -> Option<Letter> {
        self.acknowledge.then(|| {
            Letter::from(mails::VisitorSampleConfirmation {
                name: self.name.clone(),
                file_name: self.file.as_ref().map(|file| file.name.clone()),
                support_delay: "48 h".to_owned(),
            })
        })
    }

    fn for_team(&self) -> Letter {
        let letter = Letter::from(mails::AdminFreeSample {
            prospect_name: self.name.clone(),
            prospect_email: self.email.clone(),
            prospect_phone: self.phone.clone(),
            genre: self.genre.clone(),
            description: self.description.clone(),
            file_name: self.file.as_ref().map(|file| file.name.clone()),
            file_size: self.file.as_ref().map(SampleFile::size_label),
        });
        match &self.file {
            Some(file) => letter.attach(StoredAttachment {
                filename: file.name.clone(),
                content_type: file.mime.to_owned(),
                storage_key: file.storage_key.clone(),
            }),
            None => letter,
        }
    }
}

/// Someone wants the newsletter.
#[derive(Clone)]
pub struct NewsletterAsked {
    /// The subscriber.
    pub id: Uuid,
    /// Their address.
    pub email: String,
    /// When they asked: they may again, another day.
    pub at: DateTime<Utc>,
}

impl Happening for NewsletterAsked {
    fn subject(&self) -> String {
        format!("{}:{}", self.id, self.at.timestamp())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: "", email: &self.email }
    }

    fn tell(&self, _: &Person) -> Telling {
        let mail = mails::NewsletterConfirmation { subscriber_id: self.id, confirm_path: String::new() };
        Telling::person(None, Some(mail.into()))
    }
}

/// Someone confirmed that they want the newsletter.
#[derive(Clone)]
pub struct NewsletterJoined {
    /// The subscriber.
    pub id: Uuid,
    /// Their address.
    pub email: String,
    /// When they joined: they may leave, and come back.
    pub at: DateTime<Utc>,
}

impl Happening for NewsletterJoined {
    fn subject(&self) -> String {
        format!("{}:{}", self.id, self.at.timestamp())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: "", email: &self.email }
    }

    fn tell(&self, _: &Person) -> Telling {
        let mail = mails::NewsletterWelcome { subscriber_id: self.id, leave_path: String::new() };
        Telling::person(None, Some(mail.into()))
    }
}
