//! SQL of the exports.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{LIFETIME, archive::Made};
use crate::{
    clock::new_id,
    db::{
        Backoff,
        lease::{Lease, Queue},
    },
};

/// Exports to make.
pub enum Exports {}

impl Queue for Exports {
    type Id = Uuid;
    const TABLE: &'static str = "data_exports";
    const INDEX: &'static str = "data_exports_due";
    const CHANGED: Option<&'static str> = Some("updated_at");
    const LEASE: TimeDelta = TimeDelta::minutes(10);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::hours(1));
    const TRIES: u32 = 12;
}

/// Queues an export of an account's data.
///
/// # Errors
/// When the database refuses.
pub async fn queue(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Uuid, sqlx::Error> {
    let id = new_id();
    sqlx::query!(
        "INSERT INTO data_exports (id, user_id, next_attempt_at, expires_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?)",
        id,
        user_id,
        now,
        now + LIFETIME,
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Whose data an export is of; nobody's once it is gone.
///
/// # Errors
/// When the database refuses.
pub async fn owner(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT user_id AS "user_id: Uuid" FROM data_exports WHERE id = ?"#, id)
        .fetch_optional(conn)
        .await
}

/// Notes that an export was made, while its lease is held; gives the instant until which it can be fetched.
///
/// # Errors
/// When the database refuses.
pub async fn set_made(
    conn: &mut MySqlConnection,
    lease: &Lease<Exports>,
    made: &Made,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, sqlx::Error> {
    let expires_at = now + LIFETIME;
    sqlx::query!(
        "UPDATE data_exports
         SET archive_key = ?, sha256 = ?, document_key = ?, next_attempt_at = NULL, last_error = NULL, expires_at = ?,
             updated_at = ?
         WHERE id = ?",
        made.archive.key,
        made.archive.sha256,
        made.document.as_ref().map(|document| &document.key),
        expires_at,
        now,
        lease.id
    )
    .execute(conn)
    .await?;
    Ok(expires_at)
}

/// An export that can be fetched.
pub struct Ready {
    /// Whose data it is.
    pub user_id: Uuid,
    /// Where the ZIP is.
    pub archive_key: String,
    /// Its digest.
    pub sha256: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// An export that can be fetched now.
///
/// # Errors
/// When the database refuses.
pub async fn ready(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Ready>, sqlx::Error> {
    sqlx::query_as!(
        Ready,
        r#"SELECT user_id, archive_key AS "archive_key!: String", sha256 AS "sha256: String", created_at
           FROM data_exports WHERE id = ? AND archive_key IS NOT NULL AND expires_at > ?"#,
        id,
        now
    )
    .fetch_optional(conn)
    .await
}

/// An export to remove, and its objects.
pub struct Old {
    id: Uuid,
    archive_key: Option<String>,
    document_key: Option<String>,
}

impl Old {
    /// Where its objects are.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        [self.archive_key.as_deref(), self.document_key.as_deref()].into_iter().flatten()
    }
}

/// Exports that expired, locked; others may be removing some of them.
///
/// # Errors
/// When the database refuses.
pub async fn lock_expired(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Old>, sqlx::Error> {
    sqlx::query_as!(
        Old,
        r#"SELECT id, archive_key AS "archive_key: String", document_key AS "document_key: String"
           FROM data_exports WHERE expires_at <= ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED"#,
        before,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The exports of an account, locked.
///
/// # Errors
/// When the database refuses.
pub async fn lock_of_user(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Old>, sqlx::Error> {
    sqlx::query_as!(
        Old,
        r#"SELECT id, archive_key AS "archive_key: String", document_key AS "document_key: String"
           FROM data_exports WHERE user_id = ? FOR UPDATE"#,
        user_id
    )
    .fetch_all(conn)
    .await
}

/// Removes an export's row.
///
/// # Errors
/// When the database refuses.
pub async fn delete(conn: &mut MySqlConnection, old: &Old) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM data_exports WHERE id = ?", old.id).execute(conn).await.map(drop)
}
