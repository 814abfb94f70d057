//! The outbox: mails to send, written with the change they tell of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::mail::{Category, Mail};
use crate::{clock::new_id, db::violates, events::dedupe_key};

/// An account as the addressee of a mail.
#[derive(Clone)]
pub struct Recipient {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Stored address: the only one mails go to.
    pub email: String,
    preferences: Option<Value>,
}

impl Recipient {
    /// First and family name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.prenom, self.nom)
    }

    /// Whether this person wants mails of a category; transactional ones are not a matter of choice.
    pub fn accepts(&self, category: Category) -> bool {
        let unless_refused = |pointer: &str| {
            self.preferences.as_ref().and_then(|all| all.pointer(pointer)).and_then(Value::as_bool)
                != Some(false)
        };
        let topic = match category {
            Category::Transactional | Category::Admin => return true,
            Category::Projects => "/notificationTypes/projects",
            Category::Messages => "/notificationTypes/messages",
            Category::Invoices => "/notificationTypes/invoices",
            Category::Promos => "/notificationTypes/promos",
        };
        // emailNotifications is the switch of the former platform.
        unless_refused("/notifications/email")
            && unless_refused("/emailNotifications")
            && unless_refused(topic)
    }
}

/// An account's address and preferences.
///
/// # Errors
/// When the database refuses.
pub async fn recipient(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Recipient>, sqlx::Error> {
    sqlx::query_as!(
        RecipientRow,
        r#"SELECT id, prenom, nom, email, preferences AS "preferences: Json<Value>"
           FROM users WHERE id = ? AND deleted_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await
    .map(|row| row.map(Recipient::from))
}

struct RecipientRow {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    preferences: Option<Json<Value>>,
}

impl From<RecipientRow> for Recipient {
    fn from(row: RecipientRow) -> Self {
        Self {
            id: row.id,
            prenom: row.prenom,
            nom: row.nom,
            email: row.email,
            preferences: row.preferences.map(|json| decoded(json.0)),
        }
    }
}

/// Some imported preferences are JSON within a JSON string.
pub(super) fn decoded(preferences: Value) -> Value {
    match preferences {
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        other => other,
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

/// A mail to queue.
pub struct NewMail<'a> {
    /// What it says.
    pub mail: Mail,
    /// Where it goes.
    pub to_email: &'a str,
    /// Name of the addressee.
    pub to_name: Option<&'a str>,
    /// Account of the addressee.
    pub user_id: Option<Uuid>,
    /// Stored objects that go with it.
    pub attachments: Vec<StoredAttachment>,
    /// Key of the event it tells of; with the template it makes a repeated event send once.
    pub event_key: &'a str,
}

/// Queues a mail unless the same one is queued or sent already.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: NewMail<'_>,
) -> Result<(), sqlx::Error> {
    let template = new.mail.template();
    let attachments = (!new.attachments.is_empty()).then_some(Json(new.attachments));
    let inserted = sqlx::query!(
        "INSERT INTO email_outbox
           (id, dedupe_key, template, to_email, to_name, user_id, payload, attachments, next_attempt_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        dedupe_key(&format!("{template}:{}", new.event_key)),
        template,
        new.to_email,
        new.to_name,
        new.user_id,
        Json(&new.mail),
        attachments,
        now,
        now,
        now
    )
    .execute(conn)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "email_outbox_dedupe") => Ok(()),
        Err(error) => Err(error),
    }
}
