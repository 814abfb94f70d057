//! Two conversations that become one. Both are locked.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

/// Moves the messages; what the team wrote is for the client from now on.
pub async fn move_messages(
    conn: &mut MySqlConnection,
    from: Uuid,
    to: Uuid,
    client: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE messages
         SET conversation_id = ?,
             receiver_id = IF(sender_id IS NULL AND (is_from_visitor OR visitor_email IS NOT NULL), NULL, ?)
         WHERE conversation_id = ?",
        to,
        client,
        from
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What a conversation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub last_message_id: Option<Uuid>,
    pub last_message_at: Option<DateTime<Utc>>,
    pub messages: u32,
    pub client_unread: u32,
    pub admin_unread: u32,
    pub client_removed: u32,
    pub admin_removed: u32,
    pub admin_archived: bool,
    pub admin_hidden: bool,
}

/// Sets what a conversation counts.
pub async fn count(
    conn: &mut MySqlConnection,
    id: Uuid,
    counts: Counts,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE conversations
         SET last_message_id = ?, last_message_at = ?, message_count = ?, client_unread = ?, admin_unread = ?,
             client_removed = ?, admin_removed = ?, admin_archived = ?, admin_hidden = ?, updated_at = ?
         WHERE id = ?",
        counts.last_message_id,
        counts.last_message_at,
        counts.messages,
        counts.client_unread,
        counts.admin_unread,
        counts.client_removed,
        counts.admin_removed,
        counts.admin_archived,
        counts.admin_hidden,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes a conversation that has no messages any more.
pub async fn end(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM conversations WHERE id = ?", id).execute(conn).await.map(drop)
}
