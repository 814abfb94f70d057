//! What a happening is, and what may be said of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A happening has a line in the table of `happenings.rs`, which gives it its name.
pub trait Listed {
    /// First part of its key.
    const NAME: &'static str;
}

/// Something worth telling. Implemented beside its cause, in the `told.rs` of its domain.
pub trait Happening: Listed + Send + Sync {
    /// Tells this one from others of its name: the two make the key under which it is told once.
    fn subject(&self) -> String;

    /// Whom it concerns.
    fn concerns(&self) -> Whom<'_>;

    /// What is said of it. `person` is whom it concerns, nameless when that is nobody (any more).
    fn tell(&self, person: &Person) -> Telling;

    /// What makes two records of the same happening one.
    fn key(&self) -> String {
        format!("{}:{}", Self::NAME, self.subject())
    }
}

/// Whom a happening concerns, beside the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom<'a> {
    /// The owner of an account.
    Account(Uuid),
    /// Someone who has no account yet.
    Guest {
        /// First and family name.
        name: &'a str,
        /// Where mails go.
        email: &'a str,
    },
    /// The team alone.
    Team,
}

/// Who is told.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The account, if there is one.
    pub id: Option<Uuid>,
    /// First name.
    pub first_name: String,
    /// First and family name.
    pub name: String,
    /// The only address mails go to.
    pub email: String,
    /// Whether they can log in.
    pub active: bool,
    /// Choices about mails, as the account keeps them.
    pub preferences: Option<Value>,
}

impl Person {
    /// Someone without an account.
    pub fn guest(name: &str, email: &str) -> Self {
        let first_name = name.split(' ').next().unwrap_or(name).to_owned();
        Self {
            id: None,
            first_name,
            name: name.to_owned(),
            email: email.to_owned(),
            active: false,
            preferences: None,
        }
    }
}

/// All that is said of a happening. Each side is spelled out: nothing is forgotten by default.
pub struct Telling {
    /// To the bell of the person it concerns, who must have an account.
    pub bell: Option<Bell>,
    /// To their mailbox, unless they refused that kind of mail.
    pub mail: Option<Letter>,
    /// To the bell of every active administrator.
    pub team_bell: Option<Bell>,
    /// To the platform's own address.
    pub team_mail: Option<Letter>,
}

impl Telling {
    /// Tells the person concerned alone.
    pub fn person(bell: Option<Bell>, mail: Option<Letter>) -> Self {
        Self { bell, mail, team_bell: None, team_mail: None }
    }

    /// Tells the team alone.
    pub fn team(bell: Option<Bell>, mail: Option<Letter>) -> Self {
        Self { bell: None, mail: None, team_bell: bell, team_mail: mail }
    }
}

/// What a notification is about; chooses its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = NotificationType)]
#[allow(missing_docs, reason = "the words of the web application")]
pub enum BellKind {
    Info,
    Success,
    Warning,
    Error,
    Payment,
    Order,
    Message,
    System,
    Consultation,
}

/// How much a notification presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = NotificationPriority)]
#[allow(missing_docs, reason = "the words of the web application")]
pub enum BellPriority {
    Faible,
    Normale,
    Haute,
    Urgente,
}

/// A notification to ring.
#[derive(Clone, Debug)]
pub struct Bell {
    /// What it is about.
    pub kind: BellKind,
    /// How much it presses.
    pub priority: BellPriority,
    /// One line.
    pub title: String,
    /// One or two sentences.
    pub message: String,
    /// Path of the web application to go to.
    pub action_path: Option<String>,
    /// What programs may want to know.
    pub data: Option<Value>,
}

impl Bell {
    /// A notification that leads nowhere.
    pub fn new(kind: BellKind, priority: BellPriority, title: &str, message: String) -> Self {
        Self { kind, priority, title: title.to_owned(), message, action_path: None, data: None }
    }

    /// Makes it lead to a path of the web application.
    #[must_use]
    pub fn leading_to(mut self, action_path: impl Into<String>) -> Self {
        self.action_path = Some(action_path.into());
        self
    }

    /// Adds what programs may want to know.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

/// What a mail is about, hence which preference of its reader may stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Part of a service the reader asked for (reset, activation, payment, invoice, export): always goes.
    Transactional,
    /// Life of an order: `notificationTypes.projects`.
    Projects,
    /// Conversations: `notificationTypes.messages`.
    Messages,
    /// Reminders about invoices: `notificationTypes.invoices`. The invoice itself is transactional.
    Invoices,
    /// Offers: `notificationTypes.promos`, which must have been chosen.
    Promos,
    /// News of no topic: the general switch alone.
    General,
    /// Sent to the platform's own team.
    Admin,
}

impl Category {
    /// True when the reader may refuse this category, so that the mail must offer the way out.
    pub const fn unsubscribable(self) -> bool {
        !matches!(self, Self::Transactional | Self::Admin)
    }
}

/// A mail to queue: a typed mail of `mails/` as the outbox keeps it.
#[derive(Clone)]
pub struct Letter {
    /// Kind of mail.
    pub template: &'static str,
    /// Decides whether its reader may refuse it.
    pub category: Category,
    /// The typed mail, as JSON.
    pub payload: Value,
    /// Stored objects that go with it.
    pub attachments: Vec<StoredAttachment>,
}

impl Letter {
    /// Attaches a stored object.
    #[must_use]
    pub fn attach(mut self, file: StoredAttachment) -> Self {
        self.attachments.push(file);
        self
    }
}

/// A stored object to attach.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredAttachment {
    /// Name the receiver sees.
    pub filename: String,
    /// MIME type.
    pub content_type: String,
    /// Key in the storage.
    pub storage_key: String,
}
