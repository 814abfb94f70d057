//! Messages as people read them, newest first.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::conversations::Whose;
use crate::{
    db::filter::{Direction, Enum, Select},
    messages::{Kind, Statut},
};

/// A message, who sent it and to whom, and where its conversation stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MessageRow {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub sender_id: Option<Uuid>,
    pub receiver_id: Option<Uuid>,
    pub subject: Option<String>,
    pub content: String,
    #[sqlx(rename = "type")]
    pub kind: Enum<Kind>,
    pub statut: Enum<Statut>,
    pub is_read: bool,
    pub is_archived: bool,
    pub archived_by_client: bool,
    pub is_pinned: bool,
    pub parent_id: Option<Uuid>,
    pub visitor_email: Option<String>,
    pub visitor_name: Option<String>,
    pub visitor_phone: Option<String>,
    pub is_from_visitor: bool,
    pub display_first_name: Option<String>,
    pub display_last_name: Option<String>,
    pub display_role: Option<String>,
    pub metadata: Option<Json<Value>>,
    pub status: Option<String>,
    pub deleted_by_admin: bool,
    pub deleted_by_client: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub sender_prenom: Option<String>,
    pub sender_nom: Option<String>,
    pub sender_avatar: Option<String>,
    pub receiver_prenom: Option<String>,
    pub receiver_nom: Option<String>,
    pub receiver_avatar: Option<String>,
    pub has_files: bool,
    pub client_id: Option<Uuid>,
    pub conversation_email: Option<String>,
    pub client_unread: u32,
    pub admin_unread: u32,
}

impl MessageRow {
    /// Whether the client's side sent it: the client, or the visitor.
    pub fn is_from_client(&self) -> bool {
        match self.sender_id {
            Some(sender) => self.client_id == Some(sender),
            None => self.is_from_visitor || self.visitor_email.is_some(),
        }
    }
}

/// Everything about messages; a WHERE follows.
pub(super) const HEAD: &str = "SELECT m.id, m.conversation_id, m.sender_id, m.receiver_id, m.subject, m.content, m.type, m.statut, m.is_read,
        m.is_archived, m.archived_by_client, m.is_pinned, m.parent_id, m.visitor_email, m.visitor_name, m.visitor_phone,
        m.is_from_visitor, m.display_first_name, m.display_last_name, m.display_role, m.metadata, m.status,
        m.deleted_by_admin, m.deleted_by_client, m.created_at, m.updated_at,
        s.prenom AS sender_prenom, s.nom AS sender_nom, s.avatar AS sender_avatar,
        r.prenom AS receiver_prenom, r.nom AS receiver_nom, r.avatar AS receiver_avatar,
        EXISTS (SELECT 1 FROM message_attachments a WHERE a.message_id = m.id) AS has_files,
        v.user_id AS client_id, v.visitor_email AS conversation_email, v.client_unread, v.admin_unread
 FROM conversations v
 JOIN messages m ON m.conversation_id = v.id
 LEFT JOIN users s ON s.id = m.sender_id
 LEFT JOIN users r ON r.id = m.receiver_id";

/// What one side has not removed from its sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// By the client.
    Client,
    /// By the administrators.
    Team,
    /// All there is.
    All,
}

impl Seen {
    pub(super) fn keep(self, select: Select) -> Select {
        match self {
            Self::Client => select.and("m.deleted_by_client = FALSE"),
            Self::Team => select.and("m.deleted_by_admin = FALSE"),
            Self::All => select,
        }
    }
}

/// The newest messages of a conversation, up to `limit`, older than `before` where it is given.
pub async fn newest(
    conn: &mut MySqlConnection,
    whose: Whose<'_>,
    seen: Seen,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    let select = Select::new(HEAD);
    let select = match whose {
        Whose::Client(id) => select.and_eq("v.user_id", id),
        Whose::Visitor(email) => select.and_eq("v.visitor_email", email),
        Whose::Id(id) => select.and_eq("v.id", id),
    };
    let select = match before {
        Some((at, id)) => select.and_before(["m.created_at", "m.id"], at, id),
        None => select,
    };
    seen.keep(select).order_by(&["m.created_at", "m.id"], Direction::Desc).window(limit, 0).rows(conn).await
}

/// One message, whoever asks.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<MessageRow>, sqlx::Error> {
    let rows = Select::new(HEAD).and_eq("m.id", id).rows(conn).await?;
    Ok(rows.into_iter().next())
}

/// The place of a message in its conversation.
pub async fn place(
    conn: &mut MySqlConnection,
    id: Uuid,
) -> Result<Option<(DateTime<Utc>, Uuid)>, sqlx::Error> {
    let row =
        sqlx::query!("SELECT id, created_at FROM messages WHERE id = ?", id).fetch_optional(conn).await?;
    Ok(row.map(|row| (row.created_at, row.id)))
}
