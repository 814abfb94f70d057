//! SQL of the worker: claiming mails that are due, and settling them.
//!
//! A claim writes the end of its lease into `next_attempt_at`: a worker that dies simply lets it run
//! out. Every settlement names the lease it was made under, so that a worker whose lease ran out
//! changes nothing any more.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::db::Db;

/// Longest error text the table keeps, in characters.
const ERROR_MAX: usize = 500;

/// A mail this worker may send until `lease`.
pub struct Claimed {
    /// The row.
    pub id: Uuid,
    /// Kind of mail.
    pub template: String,
    /// Where it goes.
    pub to_email: String,
    /// Name of the addressee.
    pub to_name: Option<String>,
    /// Account of the addressee.
    pub user_id: Option<Uuid>,
    /// The typed mail.
    pub payload: Value,
    /// Stored objects to attach.
    pub attachments: Option<Value>,
    /// Tries so far, this one included.
    pub attempts: u32,
    /// When others may take the mail over.
    pub lease: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    template: String,
    to_email: String,
    to_name: Option<String>,
    user_id: Option<Uuid>,
    payload: Json<Value>,
    attachments: Option<Json<Value>>,
    attempts: u32,
}

/// Takes up to `limit` mails that are due, oldest first, passing over those another worker is taking.
pub async fn claim(
    db: &Db,
    now: DateTime<Utc>,
    lease: Duration,
    limit: u32,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let rows = due(&mut tx, now, limit).await?;
    let lease = now + lease;
    for row in &rows {
        sqlx::query!(
            "UPDATE email_outbox SET attempts = attempts + 1, next_attempt_at = ?, updated_at = ? WHERE id = ?",
            lease,
            now,
            row.id
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(rows.into_iter().map(|row| row.claimed(lease)).collect())
}

async fn due(conn: &mut MySqlConnection, now: DateTime<Utc>, limit: u32) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, template, to_email, to_name, user_id AS "user_id: Uuid", payload AS "payload: Json<Value>",
                  attachments AS "attachments: Json<Value>", attempts
           FROM email_outbox
           WHERE status = 'PENDING' AND next_attempt_at <= ?
           ORDER BY next_attempt_at, id
           LIMIT ?
           FOR UPDATE SKIP LOCKED"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

impl Row {
    fn claimed(self, lease: DateTime<Utc>) -> Claimed {
        Claimed {
            id: self.id,
            template: self.template,
            to_email: self.to_email,
            to_name: self.to_name,
            user_id: self.user_id,
            payload: self.payload.0,
            attachments: self.attachments.map(|json| json.0),
            attempts: self.attempts.saturating_add(1),
            lease,
        }
    }
}

/// Notes that a mail left; tells whether it was still ours to note.
pub async fn settle_sent(
    conn: &mut MySqlConnection,
    mail: &Claimed,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE email_outbox SET status = 'SENT', sent_at = ?, next_attempt_at = NULL, last_error = NULL, updated_at = ?
         WHERE id = ? AND status = 'PENDING' AND next_attempt_at = ?",
        now,
        now,
        mail.id,
        mail.lease
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a mail back until `next`; tells whether it was still ours.
pub async fn settle_later(
    conn: &mut MySqlConnection,
    mail: &Claimed,
    now: DateTime<Utc>,
    next: DateTime<Utc>,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE email_outbox SET next_attempt_at = ?, last_error = ?, updated_at = ?
         WHERE id = ? AND status = 'PENDING' AND next_attempt_at = ?",
        next,
        cut(error),
        now,
        mail.id,
        mail.lease
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a mail up; tells whether it was still ours.
pub async fn settle_dead(
    conn: &mut MySqlConnection,
    mail: &Claimed,
    now: DateTime<Utc>,
    error: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE email_outbox SET status = 'DEAD', next_attempt_at = NULL, last_error = ?, updated_at = ?
         WHERE id = ? AND status = 'PENDING' AND next_attempt_at = ?",
        cut(error),
        now,
        mail.id,
        mail.lease
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn cut(error: &str) -> String {
    error.chars().take(ERROR_MAX).collect()
}
