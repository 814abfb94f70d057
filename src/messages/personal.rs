//! Conversations, handed out and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// What stands in the place of a visitor's words within a conversation that is somebody else's.
const ERASED_CONTENT: &str = "Message supprimé.";

/// Removes a person's conversation, and the visitor's one under the same address, with every message in them.
///
/// Messages they sent in somebody else's conversation, as the team does, are part of that person's correspondence:
/// they stay, without the name they were signed with.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM conversation_readers WHERE user_id = ?", subject.user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "DELETE FROM conversations WHERE user_id = ? OR visitor_email = ?",
        subject.user_id,
        subject.email
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE messages SET display_first_name = NULL, display_last_name = NULL, updated_at = ? WHERE sender_id = ?",
        now,
        subject.user_id
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE messages
         SET visitor_email = NULL, visitor_name = NULL, visitor_phone = NULL, subject = NULL, content = ?,
             metadata = NULL, updated_at = ?
         WHERE visitor_email = ?",
        ERASED_CONTENT,
        now,
        subject.email
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Conversation {
    id: Uuid,
    visitor_email: Option<String>,
    visitor_name: Option<String>,
    visitor_phone: Option<String>,
    message_count: u32,
    created_at: Iso,
    updated_at: Iso,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: Uuid,
    conversation_id: Uuid,
    subject: Option<String>,
    content: String,
    is_from_admin: bool,
    display_first_name: Option<String>,
    display_last_name: Option<String>,
    visitor_email: Option<String>,
    visitor_name: Option<String>,
    visitor_phone: Option<String>,
    metadata: Option<Json<Value>>,
    created_at: Iso,
}

/// What was written to a person and by them, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let conversations = conversations(conn, subject).await?;
    let messages = messages(conn, subject).await?;
    Ok(vec![("conversations", exported(&conversations)?), ("messages", exported(&messages)?)])
}

async fn conversations(
    conn: &mut MySqlConnection,
    subject: &Subject,
) -> Result<Vec<Conversation>, sqlx::Error> {
    sqlx::query_as!(
        Conversation,
        "SELECT id, visitor_email, visitor_name, visitor_phone, message_count, created_at, updated_at
         FROM conversations WHERE user_id = ? OR visitor_email = ? ORDER BY created_at, id",
        subject.user_id,
        subject.email
    )
    .fetch_all(conn)
    .await
}

async fn messages(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Message>, sqlx::Error> {
    let (id, email) = (subject.user_id, &subject.email);
    sqlx::query_as!(
        Message,
        r#"SELECT m.id, m.conversation_id, m.subject, m.content,
                  (COALESCE(m.sender_id <> ?, TRUE) AND NOT m.is_from_visitor) AS "is_from_admin!: bool",
                  m.display_first_name, m.display_last_name, m.visitor_email, m.visitor_name, m.visitor_phone,
                  m.metadata AS "metadata: Json<Value>", m.created_at
           FROM messages m
           WHERE m.id IN (
             SELECT o.id FROM conversations v JOIN messages o ON o.conversation_id = v.id
             WHERE v.user_id = ? OR v.visitor_email = ?
             UNION SELECT s.id FROM messages s WHERE s.sender_id = ?
             UNION SELECT w.id FROM messages w WHERE w.visitor_email = ?)
           ORDER BY m.created_at, m.id"#,
        id,
        id,
        email,
        id,
        email
    )
    .fetch_all(conn)
    .await
}
