//! SQL of the newsletter's subscribers.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{clock::new_id, jobs::BATCH};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum Status {
    /// Waits to be confirmed.
    Pending,
    /// Confirmed.
    Confirmed,
    /// Ended.
    Unsubscribed,
}

/// A subscriber.
pub struct Subscriber {
    pub id: Uuid,
    pub email: String,
    pub status: Status,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Notes that an address wants the newsletter until `expires_at`: its subscriber, unless it has the newsletter.
pub async fn ask(
    conn: &mut MySqlConnection,
    email: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO newsletter_subscribers (id, email, status, token_expires_at, created_at, updated_at)
         VALUES (?, ?, 'PENDING', ?, ?, ?)
         ON DUPLICATE KEY UPDATE
           token_expires_at = IF(status = 'CONFIRMED', token_expires_at, VALUES(token_expires_at)),
           updated_at = IF(status = 'CONFIRMED', updated_at, VALUES(updated_at)),
           status = IF(status = 'CONFIRMED', status, 'PENDING')",
        new_id(),
        email,
        expires_at,
        now,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!("SELECT id FROM newsletter_subscribers WHERE email = ? AND status = 'PENDING'", email)
        .fetch_optional(conn)
        .await
}

/// A subscriber.
pub async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Subscriber>, sqlx::Error> {
    sqlx::query_as!(
        Subscriber,
        r#"SELECT id, email, status AS "status: Status", token_expires_at AS "expires_at: DateTime<Utc>"
           FROM newsletter_subscribers WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// A subscriber, locked until the transaction ends.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Subscriber>, sqlx::Error> {
    sqlx::query_as!(
        Subscriber,
        r#"SELECT id, email, status AS "status: Status", token_expires_at AS "expires_at: DateTime<Utc>"
           FROM newsletter_subscribers WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Confirms a subscription.
pub async fn join(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE newsletter_subscribers SET status = 'CONFIRMED', token_expires_at = NULL, confirmed_at = ?, updated_at = ?
         WHERE id = ?",
        now,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends a subscription.
pub async fn leave(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE newsletter_subscribers SET status = 'UNSUBSCRIBED', token_expires_at = NULL, updated_at = ?
         WHERE id = ? AND status <> 'UNSUBSCRIBED'",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets subscriptions nobody confirmed in time, a batch of them.
///
/// # Errors
/// When the database refuses.
pub async fn forget_unconfirmed(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM newsletter_subscribers WHERE status = 'PENDING' AND token_expires_at < ?
         ORDER BY token_expires_at, id LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
