//! SQL of the notifications.

pub mod feed;

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Kind, Priority};
use crate::{
    clock::new_id,
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
        violates,
    },
    http::Page,
};

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

columns! {
    /// A notification as its owner sees it.
    pub struct Notification {
        pub id: Uuid,
        pub user_id: Uuid,
        pub title: String,
        pub message: String,
        /// Of its owner's streams; none before one of them has looked.
        pub wave: Option<u64>,
        pub kind: Enum<Kind> = "type",
        pub priority: Enum<Priority>,
        /// JSON text.
        pub data: Option<String>,
        pub action_url: Option<String>,
        pub is_read: bool,
        pub is_deleted: bool,
        pub read_at: Option<DateTime<Utc>>,
        pub expires_at: Option<DateTime<Utc>>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

/// Which of a user's notifications their bell shows.
#[derive(Clone, Copy, Hash)]
pub struct Filter {
    /// Whose.
    pub user_id: Uuid,
    /// Only those not read yet.
    pub unread_only: bool,
}

impl Filter {
    fn keep(self, select: Select, now: DateTime<Utc>) -> Select {
        let unread = self.unread_only.then_some(false);
        select
            .and_eq("user_id", self.user_id)
            .and("is_deleted = FALSE")
            .and_eq_some("is_read", unread)
            .and_null_or_above("expires_at", now)
    }
}

/// Rows for a page of what a bell shows, newest first.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: Filter,
    now: DateTime<Utc>,
    page: Page,
) -> Result<Vec<Notification>, sqlx::Error> {
    filter
        .keep(Select::of::<Notification>("notifications"), now)
        .order_by(&["created_at", "id"], Direction::Desc)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many notifications a bell shows.
pub async fn count(
    conn: &mut MySqlConnection,
    filter: Filter,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM notifications"), now).count(conn).await
}

/// Owner of a notification that is not deleted.
pub async fn owner(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: Uuid" FROM notifications WHERE id = ? AND is_deleted = FALSE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Marks one read; a notification read before keeps its instant. Tells whether it was there and theirs.
pub async fn mark_read(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    // Assignments are evaluated from left to right: is_read comes last.
    let done = sqlx::query!(
        "UPDATE notifications
         SET read_at = COALESCE(read_at, ?), updated_at = IF(is_read, updated_at, ?), is_read = TRUE
         WHERE id = ? AND user_id = ? AND is_deleted = FALSE",
        now,
        now,
        id,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks read all that the unread count counts; answers how many.
pub async fn mark_all_read(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE notifications SET is_read = TRUE, read_at = ?, updated_at = ?
         WHERE user_id = ? AND is_deleted = FALSE AND is_read = FALSE AND (expires_at IS NULL OR expires_at > ?)",
        now,
        now,
        user_id,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Hides one for good. Tells whether it was there and theirs.
pub async fn delete(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE notifications SET is_deleted = TRUE, updated_at = ? WHERE id = ? AND user_id = ? AND is_deleted = FALSE",
        now,
        id,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
