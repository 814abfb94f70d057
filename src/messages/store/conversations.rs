//! Conversations: finding, beginning and locking them.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{clock::new_id, db::violates};

/// A conversation as its writers need it.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: Uuid,
    /// The client; nobody in that of a visitor.
    pub user_id: Option<Uuid>,
    pub visitor_email: Option<String>,
    pub visitor_name: Option<String>,
    pub visitor_phone: Option<String>,
    pub last_message_id: Option<Uuid>,
    pub last_message_at: Option<DateTime<Utc>>,
    pub message_count: u32,
    pub client_unread: u32,
    pub admin_unread: u32,
    pub client_removed: u32,
    pub admin_removed: u32,
    pub admin_archived: bool,
    pub admin_hidden: bool,
    pub page_until: Option<DateTime<Utc>>,
}

/// Whose conversation is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// A client's.
    Client(Uuid),
    /// That of a visitor's address, normalised.
    Visitor(&'a str),
    /// The one with this id.
    Id(Uuid),
}

/// A conversation, kept from everybody else's changes until the transaction ends.
pub async fn lock(conn: &mut MySqlConnection, whose: Whose<'_>) -> Result<Option<Conversation>, sqlx::Error> {
    match whose {
        Whose::Client(user_id) => lock_of_client(conn, user_id).await,
        Whose::Visitor(email) => lock_of_visitor(conn, email).await,
        Whose::Id(id) => lock_by_id(conn, id).await,
    }
}

async fn lock_of_client(
    conn: &mut MySqlConnection,
    user_id: Uuid,
) -> Result<Option<Conversation>, sqlx::Error> {
    sqlx::query_as!(
        Conversation,
        "SELECT id, user_id, visitor_email, visitor_name, visitor_phone, last_message_id, last_message_at, message_count,
                client_unread, admin_unread, client_removed, admin_removed, admin_archived, admin_hidden, page_until
         FROM conversations WHERE user_id = ? FOR UPDATE",
        user_id
    )
    .fetch_optional(conn)
    .await
}

async fn lock_of_visitor(
    conn: &mut MySqlConnection,
    email: &str,
) -> Result<Option<Conversation>, sqlx::Error> {
    sqlx::query_as!(
        Conversation,
        "SELECT id, user_id, visitor_email, visitor_name, visitor_phone, last_message_id, last_message_at, message_count,
                client_unread, admin_unread, client_removed, admin_removed, admin_archived, admin_hidden, page_until
         FROM conversations WHERE visitor_email = ? FOR UPDATE",
        email
    )
    .fetch_optional(conn)
    .await
}

async fn lock_by_id(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Conversation>, sqlx::Error> {
    sqlx::query_as!(
        Conversation,
        "SELECT id, user_id, visitor_email, visitor_name, visitor_phone, last_message_id, last_message_at, message_count,
                client_unread, admin_unread, client_removed, admin_removed, admin_archived, admin_hidden, page_until
         FROM conversations WHERE id = ? FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await
}

/// A conversation as it is, whoever changes it.
pub async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Conversation>, sqlx::Error> {
    sqlx::query_as!(
        Conversation,
        "SELECT id, user_id, visitor_email, visitor_name, visitor_phone, last_message_id, last_message_at, message_count,
                client_unread, admin_unread, client_removed, admin_removed, admin_archived, admin_hidden, page_until
         FROM conversations WHERE id = ?",
        id
    )
    .fetch_optional(conn)
    .await
}

/// Begins the conversation of a client; `None` when there is one.
pub async fn begin(
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

/// The conversation of a client, begun if there is none, locked. Two that begin it at once have the same.
pub async fn lock_or_begin(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Conversation, sqlx::Error> {
    if let Some(found) = lock_of_client(conn, user_id).await? {
        return Ok(found);
    }
    sqlx::query!(
        "INSERT INTO conversations (id, user_id, created_at, updated_at) VALUES (?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE id = conversations.id",
        new_id(),
        user_id,
        now,
        now
    )
    .execute(&mut *conn)
    .await?;
    lock_of_client(conn, user_id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The conversation of a visitor's address, begun if there is none, locked.
pub async fn lock_or_begin_visitor(
    conn: &mut MySqlConnection,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Conversation, sqlx::Error> {
    if let Some(found) = lock_of_visitor(conn, email).await? {
        return Ok(found);
    }
    sqlx::query!(
        "INSERT INTO conversations (id, visitor_email, created_at, updated_at) VALUES (?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE id = conversations.id",
        new_id(),
        email,
        now,
        now
    )
    .execute(&mut *conn)
    .await?;
    lock_of_visitor(conn, email).await?.ok_or(sqlx::Error::RowNotFound)
}
