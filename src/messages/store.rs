//! SQL of the conversations.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::{clock::new_id, db::violates};

/// A message of the platform to an author.
pub struct SystemMessage<'a> {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub receiver_id: Uuid,
    pub content: &'a str,
    pub metadata: Value,
    pub at: DateTime<Utc>,
}

/// Begins the author's conversation; `None` when there is one.
pub async fn begin_conversation(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, sqlx::Error> {
    let id = new_id();
    let inserted = sqlx::query!(
        "INSERT INTO conversations (id, user_id, created_at, updated_at) VALUES (?, ?, ?, ?)",
        id,
        user_id,
        now,
        now
    )
    .execute(&mut *conn)
    .await;
    match inserted {
        Ok(_) => Ok(Some(id)),
        Err(error) if violates(&error, "conversations_user") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a message of the platform and counts it as unread for the author.
pub async fn insert_system_message(
    conn: &mut MySqlConnection,
    new: &SystemMessage<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO messages
           (id, conversation_id, receiver_id, content, type, statut, display_first_name, display_last_name, display_role,
            metadata, created_at, updated_at)
         VALUES (?, ?, ?, ?, 'SYSTEM_MESSAGE', 'ENVOYE', 'Équipe', 'Staka Livres', 'Support', ?, ?, ?)",
        new.id,
        new.conversation_id,
        new.receiver_id,
        new.content,
        Json(&new.metadata),
        new.at,
        new.at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE conversations
         SET last_message_id = ?, last_message_at = ?, message_count = message_count + 1,
             client_unread = client_unread + 1, updated_at = ?
         WHERE id = ?",
        new.id,
        new.at,
        new.at,
        new.conversation_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
