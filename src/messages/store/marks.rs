//! What each side does to messages of a conversation: read, archive, remove from sight. The conversation is locked.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::conversations::Conversation;

/// Marks read, for the client, what the team wrote up to an instant; answers how many messages that was.
pub async fn read_by_client(
    conn: &mut MySqlConnection,
    conversation: &Conversation,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let read = sqlx::query!(
        "UPDATE messages SET is_read = TRUE, updated_at = ?
         WHERE conversation_id = ? AND is_read = FALSE AND created_at <= ?
           AND ((sender_id IS NOT NULL AND NOT sender_id <=> ?)
                OR (sender_id IS NULL AND is_from_visitor = FALSE AND visitor_email IS NULL))",
        now,
        conversation.id,
        until,
        conversation.user_id
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    fewer_unread_for_client(conn, conversation.id, read).await?;
    Ok(read)
}

/// Marks read, for the team, what the client or the visitor wrote up to an instant; answers how many messages that was.
pub async fn read_by_team(
    conn: &mut MySqlConnection,
    conversation: &Conversation,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let read = sqlx::query!(
        "UPDATE messages SET is_read = TRUE, updated_at = ?
         WHERE conversation_id = ? AND is_read = FALSE AND created_at <= ?
           AND (sender_id = ? OR (sender_id IS NULL AND (is_from_visitor OR visitor_email IS NOT NULL)))",
        now,
        conversation.id,
        until,
        conversation.user_id
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    fewer_unread_for_team(conn, conversation.id, read).await?;
    Ok(read)
}

async fn fewer_unread_for_client(
    conn: &mut MySqlConnection,
    id: Uuid,
    fewer: u64,
) -> Result<(), sqlx::Error> {
    if fewer == 0 {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE conversations SET client_unread = client_unread - LEAST(client_unread, ?) WHERE id = ?",
        fewer,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn fewer_unread_for_team(conn: &mut MySqlConnection, id: Uuid, fewer: u64) -> Result<(), sqlx::Error> {
    if fewer == 0 {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE conversations SET admin_unread = admin_unread - LEAST(admin_unread, ?) WHERE id = ?",
        fewer,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Marks one message read or unread again; whether that changed it. `by_client`: for the client, to whom the team wrote it.
pub async fn set_read(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    message_id: Uuid,
    by_client: bool,
    read: bool,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "UPDATE messages SET is_read = ?, updated_at = ? WHERE id = ? AND is_read <> ?",
        read,
        now,
        message_id,
        read
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    match (changed == 1, read, by_client) {
        (false, ..) => return Ok(false),
        (true, true, true) => fewer_unread_for_client(conn, conversation_id, 1).await?,
        (true, true, false) => fewer_unread_for_team(conn, conversation_id, 1).await?,
        (true, false, _) => {
            sqlx::query!(
                "UPDATE conversations
                 SET client_unread = client_unread + IF(?, 1, 0), admin_unread = admin_unread + IF(?, 0, 1) WHERE id = ?",
                by_client,
                by_client,
                conversation_id
            )
            .execute(conn)
            .await?;
        }
    }
    Ok(true)
}

/// How far a corrector has read in a conversation.
pub async fn read_until(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    user_id: Uuid,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT read_until FROM conversation_readers WHERE conversation_id = ? AND user_id = ?",
        conversation_id,
        user_id
    )
    .fetch_optional(conn)
    .await
}

/// Notes how far a corrector has read; never less far than before.
pub async fn read_by_corrector(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    user_id: Uuid,
    until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO conversation_readers (conversation_id, user_id, read_until) VALUES (?, ?, ?)
         ON DUPLICATE KEY UPDATE read_until = GREATEST(read_until, VALUES(read_until))",
        conversation_id,
        user_id,
        until
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Archives a conversation for one side, or takes it out of its archive.
pub async fn archive(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    by_client: bool,
    archived: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE conversations SET client_archived = IF(?, ?, client_archived), admin_archived = IF(?, admin_archived, ?)
         WHERE id = ?",
        by_client,
        archived,
        by_client,
        archived,
        conversation_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Archives a message for one side, or takes it out of its archive.
pub async fn archive_message(
    conn: &mut MySqlConnection,
    message_id: Uuid,
    by_client: bool,
    archived: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE messages
         SET archived_by_client = IF(?, ?, archived_by_client), is_archived = IF(?, is_archived, ?), updated_at = ?
         WHERE id = ?",
        by_client,
        archived,
        by_client,
        archived,
        now,
        message_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Pins a message, or takes its pin away.
pub async fn pin(
    conn: &mut MySqlConnection,
    message_id: Uuid,
    pinned: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE messages SET is_pinned = ?, updated_at = ? WHERE id = ?", pinned, now, message_id)
        .execute(conn)
        .await
        .map(drop)
}

/// Removes a message from the client's sight; whether it was there.
pub async fn remove_for_client(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    message_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!(
        "UPDATE messages SET deleted_by_client = TRUE, updated_at = ? WHERE id = ? AND deleted_by_client = FALSE",
        now,
        message_id
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if removed == 1 {
        sqlx::query!(
            "UPDATE conversations SET client_removed = client_removed + 1 WHERE id = ?",
            conversation_id
        )
        .execute(conn)
        .await?;
    }
    Ok(removed == 1)
}

/// Removes a message from the team's sight; whether it was there. A conversation without any left leaves the inbox.
pub async fn remove_for_team(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    message_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!(
        "UPDATE messages SET deleted_by_admin = TRUE, updated_at = ? WHERE id = ? AND deleted_by_admin = FALSE",
        now,
        message_id
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if removed == 1 {
        // Assignments are evaluated from left to right: admin_hidden sees the new count.
        sqlx::query!(
            "UPDATE conversations SET admin_removed = admin_removed + 1, admin_hidden = (admin_removed >= message_count)
             WHERE id = ?",
            conversation_id
        )
        .execute(conn)
        .await?;
    }
    Ok(removed == 1)
}

/// Removes a whole conversation from the team's sight, and what was unread in it.
pub async fn hide(
    conn: &mut MySqlConnection,
    conversation: &Conversation,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if let Some(last) = conversation.last_message_at {
        read_by_team(conn, conversation, last, now).await?;
    }
    sqlx::query!(
        "UPDATE messages SET deleted_by_admin = TRUE, updated_at = ? WHERE conversation_id = ? AND deleted_by_admin = FALSE",
        now,
        conversation.id
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE conversations SET admin_hidden = TRUE, admin_unread = 0, admin_removed = message_count WHERE id = ?",
        conversation.id
    )
    .execute(conn)
    .await
    .map(drop)
}
