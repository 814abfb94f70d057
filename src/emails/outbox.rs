//! The outbox: mails to send, written with the change they tell of.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::{
    clock::new_id,
    db::violates,
    events::{Letter, dedupe_key},
};

/// A mail to queue.
pub struct NewMail<'a> {
    /// What it says, and what goes with it.
    pub letter: &'a Letter,
    /// Where it goes.
    pub to_email: &'a str,
    /// Name of the addressee.
    pub to_name: Option<&'a str>,
    /// Account of the addressee.
    pub user_id: Option<Uuid>,
    /// Key of the happening it tells of; with the template it makes a repeated one send once.
    pub key: &'a str,
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
    let template = new.letter.template;
    let attachments = Some(&new.letter.attachments).filter(|files| !files.is_empty()).map(Json);
    let inserted = sqlx::query!(
        "INSERT INTO email_outbox
           (id, dedupe_key, template, to_email, to_name, user_id, payload, attachments, next_attempt_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        dedupe_key(&format!("{template}:{}", new.key)),
        template,
        new.to_email,
        new.to_name,
        new.user_id,
        Json(&new.letter.payload),
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
