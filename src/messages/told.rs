//! What happens in conversations, and whom it tells.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
};

/// Where the team reads messages.
const INBOX: &str = "/admin/messagerie";

/// Where a client reads messages.
const MESSAGES: &str = "/app/messages";

/// Characters of a message that a bell shows.
const PREVIEW: usize = 100;

/// Characters of a message that programs find with a bell.
const CONTENT: usize = 1_000;

fn preview(text: &str) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return "(pièce jointe)".to_owned();
    }
    if let Some((cut, _)) = words.char_indices().nth(PREVIEW) {
        words.truncate(cut);
        words.push('…');
    }
    words
}

/// A client wrote to the team.
#[derive(Clone)]
pub struct ClientWrote {
    /// The client.
    pub client_id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// Its subject, if it has one.
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// Names of its documents.
    pub files: Vec<String>,
}

impl Happening for ClientWrote {
    fn subject(&self) -> String {
        format!("{}:{}", self.client_id, self.message_id)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.client_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = format!("{} : {}", person.name, preview(&self.text));
        let bell =
            Bell::new(BellKind::Message, BellPriority::Normale, "Nouveau message d’un client", message)
                .leading_to(INBOX);
        let mail = mails::AdminMessage {
            title: format!("Nouveau message de {}", person.name),
            sender_name: person.name.clone(),
            sender_email: person.email.clone(),
            sender_phone: None,
            subject: self.subject.clone(),
            text: self.text.clone(),
            files: self.files.clone(),
            action_path: INBOX.to_owned(),
        };
        Telling::team(Some(bell), Some(mail.into()))
    }
}

/// A client whose order a corrector has in hand wrote.
#[derive(Clone)]
pub struct ClientWroteToCorrector {
    /// The corrector.
    pub corrector_id: Uuid,
    /// The client.
    pub client_id: Uuid,
    /// First and family name of the client.
    pub client_name: String,
    /// The message.
    pub message_id: Uuid,
    /// Its text.
    pub text: String,
}

impl Happening for ClientWroteToCorrector {
    fn subject(&self) -> String {
        format!("{}:{}:{}", self.corrector_id, self.client_id, self.message_id)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.corrector_id)
    }

    fn tell(&self, _: &Person) -> Telling {
        let message = format!("{} : {}", self.client_name, preview(&self.text));
        let bell =
            Bell::new(BellKind::Message, BellPriority::Normale, "Nouveau message d’un client", message);
        Telling::person(Some(bell.leading_to(MESSAGES)), None)
    }
}

/// The team wrote to a client.
#[derive(Clone)]
pub struct TeamWrote {
    /// The client.
    pub user_id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// Whom it is signed by.
    pub signed: String,
    /// Its text.
    pub text: String,
    /// Names of its documents.
    pub files: Vec<String>,
}

impl Happening for TeamWrote {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.message_id)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = format!("{} : {}", capitalised(&self.signed), preview(&self.text));
        let bell = Bell::new(BellKind::Message, BellPriority::Normale, "Nouveau message", message)
            .leading_to(MESSAGES);
        let mail = mails::MessageUser {
            first_name: person.first_name.clone(),
            sender_name: self.signed.clone(),
            text: self.text.clone(),
            files: self.files.clone(),
        };
        Telling::person(Some(bell), Some(mail.into()))
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The team answered a visitor.
#[derive(Clone)]
pub struct TeamAnsweredVisitor {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// The visitor's name.
    pub name: String,
    /// The visitor's address.
    pub email: String,
    /// Whom it is signed by.
    pub signed: String,
    /// Its text.
    pub text: String,
    /// Names of its documents.
    pub files: Vec<String>,
    /// Until when the page of the conversation opens.
    pub expires_at: DateTime<Utc>,
}

impl Happening for TeamAnsweredVisitor {
    fn subject(&self) -> String {
        self.message_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.name, email: &self.email }
    }

    fn tell(&self, person: &Person) -> Telling {
        let mail = mails::VisitorReply {
            first_name: person.first_name.clone(),
            sender_name: self.signed.clone(),
            text: self.text.clone(),
            files: self.files.clone(),
            conversation_id: self.conversation_id,
            page_path: String::new(),
            expires_at: self.expires_at,
        };
        Telling::person(None, Some(mail.into()))
    }
}

/// A visitor wrote: by the chat of the site, or on the page of their conversation.
#[derive(Clone)]
pub struct VisitorWrote {
    /// The message.
    pub message_id: Uuid,
    /// The visitor's name.
    pub name: String,
    /// The visitor's address.
    pub email: String,
    /// The visitor's phone number.
    pub phone: Option<String>,
    /// Subject, if it has one.
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// Names of its documents.
    pub files: Vec<String>,
    /// Whether it continues a conversation rather than come by the chat.
    pub is_answer: bool,
}

impl Happening for VisitorWrote {
    fn subject(&self) -> String {
        self.message_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let title =
            if self.is_answer { "Réponse d’un visiteur" } else { "Nouveau message d’un visiteur" };
        let message = format!("{} ({}) : {}", self.name, self.email, preview(&self.text));
        let bell = Bell::new(BellKind::Message, BellPriority::Haute, title, message)
            .leading_to(INBOX)
            .with_data(json!({
                "visitorName": self.name,
                "visitorEmail": self.email,
                "visitorPhone": self.phone,
                "messageContent": self.text.chars().take(CONTENT).collect::<String>(),
                "isDirectChat": !self.is_answer,
            }));
        let mail = mails::AdminMessage {
            title: format!("{title} : {}", self.name),
            sender_name: self.name.clone(),
            sender_email: self.email.clone(),
            sender_phone: self.phone.clone(),
            subject: self.subject.clone(),
            text: self.text.clone(),
            files: self.files.clone(),
            action_path: INBOX.to_owned(),
        };
        Telling::team(Some(bell), Some(mail.into()))
    }
}

/// A visitor's message is acknowledged, once a day: whoever gives somebody else's address does not fill their mailbox.
#[derive(Clone)]
pub struct VisitorAcknowledged {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The visitor's name.
    pub name: String,
    /// The visitor's address.
    pub email: String,
    /// The day, in Paris.
    pub day: NaiveDate,
}

impl Happening for VisitorAcknowledged {
    fn subject(&self) -> String {
        format!("{}:{}", self.conversation_id, self.day)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.name, email: &self.email }
    }

    fn tell(&self, person: &Person) -> Telling {
        let mail = mails::VisitorMessageConfirmation { first_name: person.first_name.clone() };
        Telling::person(None, Some(mail.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::preview;

    #[test]
    fn a_preview_is_one_short_line() {
        assert_eq!(preview("Bonjour,\n\n  Zoé"), "Bonjour, Zoé");
        assert_eq!(preview(" \n"), "(pièce jointe)");
        let long = preview(&"é".repeat(200));
        assert_eq!((long.chars().count(), long.ends_with('…')), (101, true));
    }
}
