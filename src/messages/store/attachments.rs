//! Documents of messages.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::{db::filter::Enum, files::FileType};

/// A document sent with a message.
pub struct AttachmentRow {
    pub id: Uuid,
    pub message_id: Uuid,
    pub file_id: Uuid,
    pub filename: String,
    pub size: i64,
    pub mime_type: String,
    pub file_type: FileType,
}

/// The documents of a conversation's messages since an instant.
pub async fn since(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    since: DateTime<Utc>,
) -> Result<Vec<AttachmentRow>, sqlx::Error> {
    sqlx::query_as!(
        AttachmentRow,
        r#"SELECT a.id, a.message_id, f.id AS file_id, f.filename, f.size, f.mime_type, f.type AS "file_type: FileType"
           FROM messages m
           JOIN message_attachments a ON a.message_id = m.id
           JOIN files f ON f.id = a.file_id
           WHERE m.conversation_id = ? AND m.created_at >= ?
           ORDER BY a.id"#,
        conversation_id,
        since
    )
    .fetch_all(conn)
    .await
}

/// The documents of one message.
pub async fn of(conn: &mut MySqlConnection, message_id: Uuid) -> Result<Vec<AttachmentRow>, sqlx::Error> {
    sqlx::query_as!(
        AttachmentRow,
        r#"SELECT a.id, a.message_id, f.id AS file_id, f.filename, f.size, f.mime_type, f.type AS "file_type: FileType"
           FROM message_attachments a JOIN files f ON f.id = a.file_id
           WHERE a.message_id = ? ORDER BY a.id"#,
        message_id
    )
    .fetch_all(conn)
    .await
}

/// A document that somebody wants to send with a message.
#[derive(sqlx::FromRow)]
pub struct Candidate {
    pub id: Uuid,
    pub filename: String,
    pub size: i64,
    #[sqlx(rename = "type")]
    pub file_type: Enum<FileType>,
}

/// Those of these documents that this account uploaded and that belong to no order, kept from being removed until the
/// transaction ends.
pub async fn lock_own(
    conn: &mut MySqlConnection,
    uploader: Uuid,
    ids: &[Uuid],
) -> Result<Vec<Candidate>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT id, filename, size, type FROM files WHERE commande_id IS NULL AND pending_commande_id IS NULL AND uploaded_by_id = ",
    );
    query.push_bind(uploader).push(" AND id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    query.push(") FOR UPDATE");
    query.build_query_as().fetch_all(conn).await
}

/// Whether a document stands in a conversation, where its client's side sees it.
pub async fn is_shown(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    file_id: Uuid,
) -> Result<bool, sqlx::Error> {
    let count = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM message_attachments a JOIN messages m ON m.id = a.message_id
         WHERE a.file_id = ? AND m.conversation_id = ? AND m.deleted_by_client = FALSE",
        file_id,
        conversation_id
    )
    .fetch_one(conn)
    .await?;
    Ok(count > 0)
}

/// Bytes of the documents that a visitor sent into a conversation.
pub async fn bytes_from_visitor(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
) -> Result<u64, sqlx::Error> {
    let bytes = sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(f.size), 0) AS SIGNED) AS "bytes!: i64"
           FROM messages m
           JOIN message_attachments a ON a.message_id = m.id
           JOIN files f ON f.id = a.file_id
           WHERE m.conversation_id = ? AND f.uploaded_by_id IS NULL"#,
        conversation_id
    )
    .fetch_one(conn)
    .await?;
    Ok(bytes.unsigned_abs())
}
