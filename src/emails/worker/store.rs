//! The outbox as a queue, and the SQL of its worker.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::db::{
    Backoff, Db,
    lease::{self, Lease, Queue},
};

/// Mails to send. Twelve tries make some five hours of outage.
pub enum Outbox {}

impl Queue for Outbox {
    type Id = Uuid;
    const TABLE: &'static str = "email_outbox";
    const INDEX: &'static str = "email_outbox_due";
    const WAITING: &'static [&'static str] = &["status = 'PENDING'"];
    const CHANGED: Option<&'static str> = Some("updated_at");
    const GIVE_UP: &'static str = "status = 'DEAD'";
    const LEASE: TimeDelta = TimeDelta::seconds(120);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::seconds(30), TimeDelta::hours(1)).spread(20);
    const TRIES: u32 = 12;
}

/// A mail this worker may send.
pub struct Claimed {
    /// The right to do so.
    pub lease: Lease<Outbox>,
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
}

/// Takes up to `limit` mails that are due, oldest first.
pub async fn claim(db: &Db, now: DateTime<Utc>, limit: u32) -> Result<Vec<Claimed>, sqlx::Error> {
    let leases = lease::claim(db, now, limit).await?;
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = db.conn().await?;
    let mut claimed = Vec::with_capacity(leases.len());
    for lease in leases {
        claimed.extend(read(&mut conn, lease).await?);
    }
    Ok(claimed)
}

/// Reads a mail while its lease is ours: one cancelled meanwhile is not sent any more.
async fn read(conn: &mut MySqlConnection, lease: Lease<Outbox>) -> Result<Option<Claimed>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT template, to_email, to_name, user_id AS "user_id: Uuid", payload AS "payload: Json<Value>",
                  attachments AS "attachments: Json<Value>"
           FROM email_outbox WHERE id = ? AND status = 'PENDING' AND next_attempt_at = ?"#,
        lease.id,
        lease.until
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Claimed {
        lease,
        template: row.template,
        to_email: row.to_email,
        to_name: row.to_name,
        user_id: row.user_id,
        payload: row.payload.0,
        attachments: row.attachments.map(|json| json.0),
    }))
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
        mail.lease.id,
        mail.lease.until
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
