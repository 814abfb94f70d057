//! Notifications of the demonstration, which their keys mark.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::{
    clock::new_id,
    events::{BellKind, BellPriority},
};

/// A notification of the demonstration.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoBell {
    /// The account.
    pub user_id: Uuid,
    /// One line.
    pub title: &'static str,
    /// A sentence.
    pub message: &'static str,
    /// What it is about.
    pub kind: BellKind,
    /// Whether it was read.
    pub is_read: bool,
    /// When it rang.
    pub at: DateTime<Utc>,
}

/// Writes notifications of the demonstration.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: &mut MySqlConnection, bells: &[DemoBell]) -> Result<(), sqlx::Error> {
    if bells.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<MySql>::new(
        "INSERT INTO notifications (id, user_id, title, message, type, priority, is_read, read_at, dedupe_key, created_at,
           updated_at) ",
    );
    query.push_values(bells, |mut row, bell| {
        row.push_bind(new_id()).push_bind(bell.user_id).push_bind(bell.title).push_bind(bell.message);
        row.push_bind(bell.kind).push_bind(BellPriority::Normale).push_bind(bell.is_read);
        row.push_bind(bell.is_read.then_some(bell.at)).push_bind(format!("demo:{}", new_id()));
        row.push_bind(bell.at).push_bind(bell.at);
    });
    query.build().execute(conn).await.map(drop)
}

/// How many notifications of the demonstration there are.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT COUNT(*) FROM notifications WHERE dedupe_key LIKE 'demo:%'")
        .fetch_one(conn)
        .await
}

/// Removes the notifications of the demonstration, whoever they are shown to.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM notifications WHERE dedupe_key LIKE 'demo:%'").execute(conn).await.map(drop)
}
