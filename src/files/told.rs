//! What happens to the documents of orders, and whom it tells.
//!
//! Each document rings; the mail of the first one of a quarter of an hour speaks for those that follow, which people send
//! one by one.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::store::room::Order;
use crate::{
    events::{self, Bell, BellKind, BellPriority, Happening, Letter, Person, Telling, Tx, Whom},
    mails,
};

/// A mail about documents of an order leaves at most once in this many seconds.
const WINDOW_SECONDS: i64 = 900;

/// Where the team looks at orders.
const ORDERS: &str = "/admin/commandes";

/// A document, as what happens to it names it.
#[derive(Clone)]
struct Sent {
    document_id: Uuid,
    filename: String,
    order_id: Uuid,
    reference: String,
    titre: String,
    /// Name of who sent it.
    sender: String,
    /// Their address.
    sender_email: String,
    channel: Channel,
}

/// What a record of a happening is for.
#[derive(Clone, Copy)]
enum Channel {
    Bell,
    /// In this window of time.
    Mail(i64),
}

impl Sent {
    fn subject(&self) -> String {
        match self.channel {
            Channel::Bell => self.document_id.to_string(),
            Channel::Mail(window) => format!("{}:mail:{window}", self.order_id),
        }
    }

    fn bell(&self, bell: impl FnOnce() -> Bell) -> Option<Bell> {
        matches!(self.channel, Channel::Bell).then(|| bell().with_data(self.data()))
    }

    fn mail<L: Into<Letter>>(&self, mail: impl FnOnce() -> L) -> Option<Letter> {
        matches!(self.channel, Channel::Mail(_)).then(|| mail().into())
    }

    fn data(&self) -> Value {
        json!({ "commandeId": self.order_id, "fileId": self.document_id, "filename": self.filename })
    }

    fn project_path(&self) -> String {
        format!("/app/projects/{}/files", self.order_id)
    }
}

/// The author of an order added a document: told to its corrector and to the team.
pub struct DocumentSent {
    sent: Sent,
    corrector: Option<Uuid>,
}

impl Happening for DocumentSent {
    fn subject(&self) -> String {
        self.sent.subject()
    }

    fn concerns(&self) -> Whom<'_> {
        self.corrector.map_or(Whom::Team, Whom::Account)
    }

    fn tell(&self, person: &Person) -> Telling {
        let sent = &self.sent;
        let message = format!("{} a ajouté « {} » à « {} ».", sent.sender, sent.filename, sent.titre);
        let bell = |path: String| {
            Bell::new(BellKind::Info, BellPriority::Normale, "Nouveau document", message.clone())
                .leading_to(path)
        };
        let mail = || mails::DocumentCorrector {
            first_name: person.first_name.clone(),
            author_name: sent.sender.clone(),
            filename: sent.filename.clone(),
            commande_title: sent.titre.clone(),
            commande_id: sent.order_id.to_string(),
            reference: sent.reference.clone(),
        };
        let team_mail = || mails::AdminDocument {
            customer_name: sent.sender.clone(),
            customer_email: sent.sender_email.clone(),
            filename: sent.filename.clone(),
            commande_title: sent.titre.clone(),
            reference: sent.reference.clone(),
        };
        Telling {
            bell: sent.bell(|| bell(sent.project_path())),
            mail: sent.mail(mail),
            team_bell: sent.bell(|| bell(ORDERS.to_owned())),
            team_mail: sent.mail(team_mail),
        }
    }
}

/// The team gave a corrected document back: told to the author, and to the team when a corrector did.
pub struct DocumentCorrected {
    sent: Sent,
    author: Uuid,
    by_corrector: bool,
}

impl Happening for DocumentCorrected {
    fn subject(&self) -> String {
        self.sent.subject()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.author)
    }

    fn tell(&self, person: &Person) -> Telling {
        let sent = &self.sent;
        let for_author = || {
            let message = format!("« {} » vous attend dans « {} ».", sent.filename, sent.titre);
            Bell::new(BellKind::Success, BellPriority::Haute, "Document corrigé disponible", message)
                .leading_to(sent.project_path())
        };
        let for_team = || {
            let message = format!("{} a déposé « {} » dans « {} ».", sent.sender, sent.filename, sent.titre);
            Bell::new(BellKind::Info, BellPriority::Normale, "Document corrigé déposé", message)
                .leading_to(ORDERS)
        };
        let mail = || mails::DocumentUser {
            first_name: person.first_name.clone(),
            filename: sent.filename.clone(),
            commande_title: sent.titre.clone(),
            commande_id: sent.order_id.to_string(),
            reference: sent.reference.clone(),
        };
        Telling {
            bell: sent.bell(for_author),
            mail: sent.mail(mail),
            team_bell: sent.bell(for_team).filter(|_| self.by_corrector),
            team_mail: None,
        }
    }
}

/// A document that was added to an order, and who added it.
pub(super) struct Added<'a> {
    pub document_id: Uuid,
    pub filename: &'a str,
    pub order: &'a Order,
    pub sender: String,
    pub sender_email: &'a str,
    /// The corrector to tell, when the author sent it.
    pub corrector: Option<Uuid>,
}

impl Added<'_> {
    fn sent(&self, channel: Channel) -> Sent {
        Sent {
            document_id: self.document_id,
            filename: self.filename.to_owned(),
            order_id: self.order.id,
            reference: self.order.reference.clone().unwrap_or_default(),
            titre: self.order.titre.clone(),
            sender: self.sender.clone(),
            sender_email: self.sender_email.to_owned(),
            channel,
        }
    }
}

/// By the bell, then by mail.
fn channels(now: DateTime<Utc>) -> [Channel; 2] {
    [Channel::Bell, Channel::Mail(now.timestamp().div_euclid(WINDOW_SECONDS))]
}

/// Tells that the author added a document.
pub(super) async fn sent(tx: &mut Tx, added: &Added<'_>) -> Result<(), sqlx::Error> {
    for channel in channels(tx.now()) {
        let told = DocumentSent { sent: added.sent(channel), corrector: added.corrector };
        events::record(tx, told).await?;
    }
    Ok(())
}

/// Tells that the team gave a corrected document back.
pub(super) async fn corrected(tx: &mut Tx, added: &Added<'_>, by_corrector: bool) -> Result<(), sqlx::Error> {
    for channel in channels(tx.now()) {
        let sent = added.sent(channel);
        let told = DocumentCorrected { sent, author: added.order.owner, by_corrector };
        events::record(tx, told).await?;
    }
    Ok(())
}
