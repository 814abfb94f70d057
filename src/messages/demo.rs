//! Conversations of the demonstration: those of its accounts.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::clock::new_id;

/// A conversation of the demonstration: what an account of it wrote, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoConversation {
    /// The account.
    pub user_id: Uuid,
    /// Subject, text and instant of each message.
    pub messages: Vec<(&'static str, &'static str, DateTime<Utc>)>,
}

/// Writes conversations of the demonstration, which the team has not read.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut MySqlConnection,
    conversations: &[DemoConversation],
) -> Result<(), sqlx::Error> {
    let told: Vec<_> =
        conversations.iter().filter(|one| !one.messages.is_empty()).map(|one| (new_id(), one)).collect();
    if told.is_empty() {
        return Ok(());
    }
    let messages: Vec<_> = told
        .iter()
        .flat_map(|(id, one)| one.messages.iter().map(|message| (new_id(), *id, one.user_id, *message)))
        .collect();
    let mut query = QueryBuilder::<MySql>::new(
        "INSERT INTO conversations (id, user_id, last_message_id, last_message_at, message_count, admin_unread, created_at, updated_at) ",
    );
    query.push_values(&told, |mut row, (id, one)| {
        let last = messages.iter().rfind(|(_, conversation, ..)| conversation == id);
        let at = last.map(|(.., (_, _, at))| *at);
        let count = u32::try_from(one.messages.len()).unwrap_or(u32::MAX);
        row.push_bind(*id).push_bind(one.user_id).push_bind(last.map(|(message, ..)| *message)).push_bind(at);
        row.push_bind(count).push_bind(count).push_bind(at).push_bind(at);
    });
    query.build().execute(&mut *conn).await?;
    let mut query = QueryBuilder::<MySql>::new(
        "INSERT INTO messages (id, conversation_id, sender_id, subject, content, type, statut, created_at, updated_at) ",
    );
    query.push_values(&messages, |mut row, (id, conversation, sender, (subject, content, at))| {
        row.push_bind(*id)
            .push_bind(*conversation)
            .push_bind(*sender)
            .push_bind(*subject)
            .push_bind(*content);
        row.push_bind("USER_MESSAGE").push_bind("ENVOYE").push_bind(*at).push_bind(*at);
    });
    query.build().execute(conn).await.map(drop)
}

/// How many messages the conversations of the demonstration have.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT COUNT(*) FROM users u JOIN conversations c ON c.user_id = u.id JOIN messages m ON m.conversation_id = c.id
         WHERE u.is_demo = TRUE"
    )
    .fetch_one(conn)
    .await
}

/// Removes the conversations of the accounts of the demonstration, whatever was written in them.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM conversations WHERE user_id IN (SELECT id FROM users WHERE is_demo = TRUE)")
        .execute(conn)
        .await
        .map(drop)
}
