//! What happens to exports, and whom it tells.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Letter, Person, StoredAttachment, Telling, Whom},
    mails,
};

/// An export can be fetched.
#[derive(Clone)]
pub struct DataExported {
    /// Whose data it is.
    pub user_id: Uuid,
    /// The export.
    pub id: Uuid,
    /// The day it was made, in Paris.
    pub day: NaiveDate,
    /// Until when it can be fetched.
    pub expires_at: DateTime<Utc>,
    /// Where its JSON is, when a mail can carry it.
    pub document_key: Option<String>,
    /// Orders in it.
    pub commandes: u64,
    /// Invoices in it.
    pub factures: u64,
    /// Messages in it.
    pub messages: u64,
}

impl DataExported {
    fn attachment(&self) -> Option<StoredAttachment> {
        self.document_key.as_ref().map(|key| StoredAttachment {
            filename: format!("export-donnees-{}-{}.json", self.user_id, self.day),
            content_type: "application/json".to_owned(),
            storage_key: key.clone(),
        })
    }
}

impl Happening for DataExported {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let attachment = self.attachment();
        let letter = Letter::from(mails::DataExport {
            first_name: person.first_name.clone(),
            export_id: self.id,
            export_path: String::new(),
            expires_at: self.expires_at,
            attached: attachment.is_some(),
            commandes: self.commandes,
            factures: self.factures,
            messages: self.messages,
        });
        let letter = attachment.into_iter().fold(letter, Letter::attach);
        Telling::person(None, Some(letter))
    }
}

/// An export could not be made, for good.
#[derive(Clone)]
pub struct ExportFails {
    /// The export.
    pub id: Uuid,
    /// Tries made.
    pub attempts: u32,
}

impl Happening for ExportFails {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let title = "Un export de données n’a pas pu être préparé";
        let message = format!(
            "Après {} essais, l’export {} est abandonné ; la personne n’a rien reçu. Le journal du serveur en dit la cause.",
            self.attempts, self.id
        );
        let bell = Bell::new(BellKind::Error, BellPriority::Haute, title, message.clone());
        Telling::team(Some(bell), Some(mails::warning(title, message, None)))
    }
}
