//! Messages: writing them, and counting them in their conversation.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::{clock::new_id, messages::Kind};

/// A message to write.
pub struct NewMessage<'a> {
    pub id: Uuid,
    pub conversation_id: Uuid,
    /// The account that sends it; nobody for a visitor and for the platform.
    pub sender_id: Option<Uuid>,
    /// The client, when the team sends it.
    pub receiver_id: Option<Uuid>,
    pub subject: Option<&'a str>,
    pub content: &'a str,
    pub kind: Kind,
    pub visitor: Option<VisitorRow<'a>>,
    /// What it is signed with: first name, family name, role.
    pub signature: [Option<&'a str>; 3],
    pub metadata: Option<&'a Value>,
    /// Later than every other message of the conversation.
    pub at: DateTime<Utc>,
}

/// The visitor who sends a message.
#[derive(Clone, Copy)]
pub struct VisitorRow<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub phone: Option<&'a str>,
}

/// Writes a message. Its conversation is locked.
pub async fn insert(conn: &mut MySqlConnection, new: &NewMessage<'_>) -> Result<(), sqlx::Error> {
    let [first_name, last_name, role] = new.signature;
    sqlx::query!(
        "INSERT INTO messages
           (id, conversation_id, sender_id, receiver_id, subject, content, type, statut, visitor_email, visitor_name,
            visitor_phone, is_from_visitor, display_first_name, display_last_name, display_role, metadata, created_at,
            updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'ENVOYE', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.id,
        new.conversation_id,
        new.sender_id,
        new.receiver_id,
        new.subject,
        new.content,
        new.kind,
        new.visitor.map(|visitor| visitor.email),
        new.visitor.map(|visitor| visitor.name),
        new.visitor.and_then(|visitor| visitor.phone),
        new.visitor.is_some(),
        first_name,
        last_name,
        role,
        new.metadata.map(Json),
        new.at,
        new.at
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts a message that the client's side sent: it is the team's to read, and brings the conversation back to them.
pub async fn count_from_client(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    message_id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE conversations
         SET last_message_id = ?, last_message_at = ?, message_count = message_count + 1, admin_unread = admin_unread + 1,
             client_archived = FALSE, admin_archived = FALSE, admin_hidden = FALSE, updated_at = ?
         WHERE id = ?",
        message_id,
        at,
        at,
        conversation_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts a message that the team sent: it is the client's to read. `page_until` is given for a visitor's conversation.
pub async fn count_from_team(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    message_id: Uuid,
    at: DateTime<Utc>,
    page_until: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE conversations
         SET last_message_id = ?, last_message_at = ?, message_count = message_count + 1,
             client_unread = client_unread + 1, client_archived = FALSE, admin_archived = FALSE, admin_hidden = FALSE,
             page_until = COALESCE(?, page_until), updated_at = ?
         WHERE id = ?",
        message_id,
        at,
        page_until,
        at,
        conversation_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps the name and the number a visitor gave last.
pub async fn name_visitor(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    name: &str,
    phone: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE conversations SET visitor_name = ?, visitor_phone = COALESCE(?, visitor_phone) WHERE id = ?",
        name,
        phone,
        conversation_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A message of a visitor that says the same, sent since then.
pub async fn same_from_visitor(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    subject: Option<&str>,
    content: &str,
    since: DateTime<Utc>,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM messages
           WHERE conversation_id = ? AND created_at > ? AND is_from_visitor
             AND CAST(content AS BINARY) = CAST(? AS BINARY)
             AND CAST(subject AS BINARY) <=> CAST(? AS BINARY)
           LIMIT 1"#,
        conversation_id,
        since,
        content,
        subject
    )
    .fetch_optional(conn)
    .await
}

/// Sends a document with a message.
pub async fn attach(conn: &mut MySqlConnection, message_id: Uuid, file_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO message_attachments (id, message_id, file_id) VALUES (?, ?, ?)",
        new_id(),
        message_id,
        file_id
    )
    .execute(conn)
    .await
    .map(drop)
}
