//! Conversations as lists show them, and what is unread in them.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::http::Page;

/// A conversation in a list, with the last message that the reader's side has not removed.
pub struct ListedRow {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub visitor_email: Option<String>,
    pub visitor_name: Option<String>,
    pub prenom: Option<String>,
    pub nom: Option<String>,
    pub avatar: Option<String>,
    pub unread: i64,
    pub total: i64,
    pub last_id: Uuid,
    pub last_content: String,
    pub last_at: DateTime<Utc>,
    pub last_sender: Option<Uuid>,
}

/// A page of the inbox all administrators share, or of its archive; the latest conversation first.
pub async fn inbox(
    conn: &mut MySqlConnection,
    archived: bool,
    page: Page,
) -> Result<Vec<ListedRow>, sqlx::Error> {
    // The last message is looked up per conversation shown, from the end of the index: MySQL
    // takes its order from there only when every column of the index is named.
    sqlx::query_as!(
        ListedRow,
        r#"SELECT v.id, v.user_id, v.visitor_email, v.visitor_name, u.prenom AS "prenom?", u.nom AS "nom?", u.avatar AS "avatar?",
                  CAST(v.admin_unread AS SIGNED) AS "unread!: i64",
                  CAST(v.message_count AS SIGNED) - CAST(v.admin_removed AS SIGNED) AS "total!: i64",
                  l.id AS last_id, l.content AS last_content, l.created_at AS last_at, l.sender_id AS last_sender
           FROM conversations v
           LEFT JOIN users u ON u.id = v.user_id
           JOIN messages l ON l.id = (SELECT m.id FROM messages m WHERE m.conversation_id = v.id AND m.deleted_by_admin = FALSE
                                      ORDER BY m.conversation_id DESC, m.created_at DESC, m.id DESC LIMIT 1)
           WHERE v.admin_hidden = FALSE AND v.admin_archived = ?
           ORDER BY v.last_message_at DESC, v.id DESC
           LIMIT ? OFFSET ?"#,
        archived,
        page.limit,
        page.offset()
    )
    .fetch_all(conn)
    .await
}

/// The conversation of a client, as they see it.
pub async fn own(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    archived: bool,
) -> Result<Option<ListedRow>, sqlx::Error> {
    sqlx::query_as!(
        ListedRow,
        r#"SELECT v.id, v.user_id, v.visitor_email, v.visitor_name, u.prenom AS "prenom?", u.nom AS "nom?", u.avatar AS "avatar?",
                  CAST(v.client_unread AS SIGNED) AS "unread!: i64",
                  CAST(v.message_count AS SIGNED) - CAST(v.client_removed AS SIGNED) AS "total!: i64",
                  l.id AS last_id, l.content AS last_content, l.created_at AS last_at, l.sender_id AS last_sender
           FROM conversations v
           JOIN users u ON u.id = v.user_id
           JOIN messages l ON l.id = (SELECT m.id FROM messages m WHERE m.conversation_id = v.id AND m.deleted_by_client = FALSE
                                      ORDER BY m.conversation_id DESC, m.created_at DESC, m.id DESC LIMIT 1)
           WHERE v.user_id = ? AND v.client_archived = ?"#,
        user_id,
        archived
    )
    .fetch_optional(conn)
    .await
}

/// The conversations of the clients whose orders a corrector was given, the latest first. What the client wrote since
/// the corrector last looked is unread.
pub async fn of_corrector(
    conn: &mut MySqlConnection,
    corrector: Uuid,
) -> Result<Vec<ListedRow>, sqlx::Error> {
    sqlx::query_as!(
        ListedRow,
        r#"SELECT v.id, v.user_id, v.visitor_email, v.visitor_name, u.prenom AS "prenom?", u.nom AS "nom?", u.avatar AS "avatar?",
                  (SELECT COUNT(*) FROM messages n
                   WHERE n.conversation_id = v.id AND n.created_at > COALESCE(k.read_until, '1970-01-02')
                     AND n.sender_id = v.user_id) AS "unread!: i64",
                  CAST(v.message_count AS SIGNED) AS "total!: i64",
                  l.id AS last_id, l.content AS last_content, l.created_at AS last_at, l.sender_id AS last_sender
           FROM conversations v
           JOIN users u ON u.id = v.user_id
           JOIN messages l ON l.id = (SELECT m.id FROM messages m WHERE m.conversation_id = v.id
                                      ORDER BY m.conversation_id DESC, m.created_at DESC, m.id DESC LIMIT 1)
           LEFT JOIN conversation_readers k ON k.conversation_id = v.id AND k.user_id = ?
           WHERE v.user_id IN (SELECT o.user_id FROM commandes o WHERE o.corrector_id = ?) AND v.user_id <> ?
           ORDER BY v.last_message_at DESC, v.id DESC
           LIMIT 500"#,
        corrector,
        corrector,
        corrector
    )
    .fetch_all(conn)
    .await
}

/// Unread messages of the inbox: the sum of what its list shows.
pub async fn unread_in_inbox(conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let sum = sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(admin_unread), 0) AS SIGNED) AS "sum!: i64" FROM conversations
           WHERE admin_hidden = FALSE AND admin_archived = FALSE AND admin_unread > 0"#
    )
    .fetch_one(conn)
    .await?;
    Ok(sum.unsigned_abs())
}
