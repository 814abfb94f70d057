//! Bell notifications, handed out and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Removes a person's notifications, and takes their name, address and number out of what the team was told of
/// them: the team still has to know that something happened. What quotes their messages goes with these.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM notifications WHERE user_id = ?", subject.user_id).execute(&mut *conn).await?;
    for told in told_to_the_team(conn, subject).await? {
        if told.quotes {
            sqlx::query!("DELETE FROM notifications WHERE id = ?", told.id).execute(&mut *conn).await?;
            continue;
        }
        sqlx::query!(
            "UPDATE notifications SET title = ?, message = ?, data = ?, updated_at = ? WHERE id = ?",
            subject.anonymised(&told.title),
            subject.anonymised(&told.message),
            told.data.as_deref().map(|data| without_them(subject, data)),
            now,
            told.id
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Told {
    id: Uuid,
    title: String,
    message: String,
    data: Option<String>,
    /// Whether it tells of a message, in its words.
    quotes: bool,
}

/// Only the team is told of other people. Read without a lock, so that nobody who rings a bell waits for the search.
async fn told_to_the_team(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Told>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT n.id, n.title, n.message, n.data, n.type = 'MESSAGE' AS quotes FROM users u JOIN notifications n ON n.user_id = u.id
         WHERE u.role IN ('ADMIN', 'CORRECTOR') AND ",
    );
    subject.push_mentioned(&mut query, "n.dedupe_key", "CONCAT_WS(' ', n.title, n.message, n.data)");
    query.build_query_as().fetch_all(conn).await
}

/// Most `data` is JSON; what is not is a text.
fn without_them(subject: &Subject, data: &str) -> String {
    match serde_json::from_str::<Value>(data) {
        Ok(mut value) => {
            subject.anonymise(&mut value);
            value.to_string()
        }
        Err(_) => subject.anonymised(data),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    id: Uuid,
    title: String,
    message: String,
    data: Option<String>,
    action_url: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    is_read: bool,
    created_at: Iso,
}

/// What a person was told.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let notifications = sqlx::query_as!(
        Notification,
        "SELECT id, title, message, data, action_url, type AS kind, is_read, created_at
         FROM notifications WHERE user_id = ? ORDER BY created_at, id",
        subject.user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("notifications", exported(&notifications)?)])
}
