//! Messages as people read them, newest first.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::conversations::Whose;
use crate::{
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
    },
    messages::{Kind, Statut},
};

columns! {
    /// A message, who sent it and to whom, and where its conversation stands.
    pub struct MessageRow {
        pub id: Uuid = "m.id",
        pub conversation_id: Uuid = "m.conversation_id",
        pub sender_id: Option<Uuid> = "m.sender_id",
        pub receiver_id: Option<Uuid> = "m.receiver_id",
        pub subject: Option<String> = "m.subject",
        pub content: String = "m.content",
        pub kind: Enum<Kind> = "m.type",
        pub statut: Enum<Statut> = "m.statut",
        pub is_read: bool = "m.is_read",
        pub is_archived: bool = "m.is_archived",
        pub archived_by_client: bool = "m.archived_by_client",
        pub is_pinned: bool = "m.is_pinned",
        pub parent_id: Option<Uuid> = "m.parent_id",
        pub visitor_email: Option<String> = "m.visitor_email",
        pub visitor_name: Option<String> = "m.visitor_name",
        pub visitor_phone: Option<String> = "m.visitor_phone",
        pub is_from_visitor: bool = "m.is_from_visitor",
        pub display_first_name: Option<String> = "m.display_first_name",
        pub display_last_name: Option<String> = "m.display_last_name",
        pub display_role: Option<String> = "m.display_role",
        pub metadata: Option<Json<Value>> = "m.metadata",
        pub status: Option<String> = "m.status",
        pub deleted_by_admin: bool = "m.deleted_by_admin",
        pub deleted_by_client: bool = "m.deleted_by_client",
        pub created_at: DateTime<Utc> = "m.created_at",
        pub updated_at: DateTime<Utc> = "m.updated_at",
        pub sender_prenom: Option<String> = "s.prenom",
        pub sender_nom: Option<String> = "s.nom",
        pub sender_avatar: Option<String> = "s.avatar",
        pub receiver_prenom: Option<String> = "r.prenom",
        pub receiver_nom: Option<String> = "r.nom",
        pub receiver_avatar: Option<String> = "r.avatar",
        pub has_files: bool = "EXISTS (SELECT 1 FROM message_attachments a WHERE a.message_id = m.id)",
        pub client_id: Option<Uuid> = "v.user_id",
        pub conversation_email: Option<String> = "v.visitor_email",
        pub client_unread: u32 = "v.client_unread",
        pub admin_unread: u32 = "v.admin_unread",
    }
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

/// Where they stand.
pub(super) const FROM: &str = "conversations v
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
    let select = Select::of::<MessageRow>(FROM);
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
    let rows = Select::of::<MessageRow>(FROM).and_eq("m.id", id).rows(conn).await?;
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
