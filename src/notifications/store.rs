//! SQL of the notifications.

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Kind, Priority};
use crate::{clock::new_id, db::violates};

/// How long a notification is shown.
const LIFETIME: Duration = Duration::days(30);

/// A notification to write.
pub struct NewNotification<'a> {
    pub user_id: Uuid,
    pub kind: Kind,
    pub priority: Priority,
    pub title: &'a str,
    pub message: &'a str,
    /// JSON text.
    pub data: Option<&'a str>,
    /// Path of the web application.
    pub action_url: Option<&'a str>,
    /// Makes a repeated event notify once.
    pub dedupe_key: &'a str,
}

/// Writes a notification unless its dedupe key is taken; tells whether it was written.
pub async fn insert(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: &NewNotification<'_>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO notifications
           (id, user_id, title, message, type, priority, data, action_url, expires_at, dedupe_key, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        new.user_id,
        new.title,
        new.message,
        new.kind,
        new.priority,
        new.data,
        new.action_url,
        now + LIFETIME,
        new.dedupe_key,
        now,
        now
    )
    .execute(conn)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if violates(&error, "notifications_dedupe") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ids of the active administrators.
pub async fn active_admins(conn: &mut MySqlConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT id AS "id: Uuid" FROM users WHERE role = 'ADMIN' AND is_active = TRUE AND deleted_at IS NULL"#)
        .fetch_all(conn)
        .await
}
