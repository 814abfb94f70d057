//! SQL of the webhook inbox.

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;

/// What became of a stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum EventStatus {
    /// Applied; never applied again.
    Processed,
    /// Failed; will be tried again.
    Failed,
    /// Speaks of a session that is not ours.
    Unmatched,
    /// Given up by an administrator.
    Discarded,
}

/// Takes an event for processing: writes it, or locks the row a former delivery left. False when it
/// is settled and nothing is left to do.
///
/// A plain INSERT would leave each of several waiting deliveries with a shared lock on the row, and
/// all of them wanting more: a deadlock. ON DUPLICATE KEY UPDATE makes them queue.
pub async fn take_event(
    conn: &mut MySqlConnection,
    event: &StoredEvent<'_>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stripe_events (id, type, status, attempts, object_id, payload, received_at)
         VALUES (?, ?, 'FAILED', 0, ?, ?, ?)
         ON DUPLICATE KEY UPDATE attempts = attempts",
        event.id,
        event.kind,
        event.object_id,
        event.payload,
        now
    )
    .execute(&mut *conn)
    .await?;
    let taken = sqlx::query!(
        "UPDATE stripe_events SET status = 'PROCESSED', processed_at = ?, next_attempt_at = NULL, last_error = NULL,
                attempts = attempts + 1
         WHERE id = ? AND status IN ('FAILED', 'UNMATCHED')",
        now,
        event.id
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// An event as it is kept.
pub struct StoredEvent<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub object_id: Option<&'a str>,
    pub payload: &'a str,
}

/// Keeps an event that could not be applied.
pub async fn keep_event(
    conn: &mut MySqlConnection,
    event: &StoredEvent<'_>,
    status: EventStatus,
    error: Option<&str>,
    now: DateTime<Utc>,
    retry_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stripe_events (id, type, status, object_id, payload, last_error, next_attempt_at, received_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
           attempts = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN attempts + 1 ELSE attempts END,
           last_error = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN VALUES(last_error) ELSE last_error END,
           next_attempt_at = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN VALUES(next_attempt_at) ELSE next_attempt_at END,
           status = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN VALUES(status) ELSE status END",
        event.id,
        event.kind,
        status,
        event.object_id,
        event.payload,
        error,
        retry_at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A failed event that is due.
pub struct DueEvent {
    pub id: String,
    pub payload: String,
    pub attempts: u32,
}

/// Leases the failed events that are due.
pub async fn claim_events(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    lease: Duration,
    limit: u32,
) -> Result<Vec<DueEvent>, sqlx::Error> {
    let rows = sqlx::query_as!(
        DueEvent,
        "SELECT id, payload, attempts FROM stripe_events
         WHERE status = 'FAILED' AND next_attempt_at <= ?
         ORDER BY next_attempt_at, id LIMIT ? FOR UPDATE SKIP LOCKED",
        now,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        sqlx::query!("UPDATE stripe_events SET next_attempt_at = ? WHERE id = ?", now + lease, row.id)
            .execute(&mut *conn)
            .await?;
    }
    Ok(rows)
}

/// How often a stored event was tried.
pub async fn event_attempts(conn: &mut MySqlConnection, id: &str) -> Result<u32, sqlx::Error> {
    let attempts = sqlx::query_scalar!("SELECT attempts FROM stripe_events WHERE id = ?", id)
        .fetch_optional(conn)
        .await?;
    Ok(attempts.unwrap_or(0))
}
