//! SQL of the webhook inbox.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;

use crate::db::{Backoff, lease::Queue};

/// What became of a stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema, sqlx::Type)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = StripeEventStatus)]
pub enum EventStatus {
    /// Applied; never applied again.
    Processed,
    /// Failed; will be tried again.
    Failed,
    /// Speaks of a session that is not ours.
    Unmatched,
    /// Given up by an administrator.
    Discarded,
    /// Speaks of a payment that may become ours.
    Parked,
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
                attempts = attempts + 1, payload = ?
         WHERE id = ? AND status IN ('FAILED', 'UNMATCHED', 'PARKED')",
        now,
        event.payload,
        event.id
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// An event as it is kept.
#[derive(Clone, Copy)]
pub struct StoredEvent<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub object_id: Option<&'a str>,
    pub payload: &'a str,
}

/// Why an event is kept, and what comes next.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    pub status: EventStatus,
    /// Says nothing about any person.
    pub error: Option<&'a str>,
    /// When we try again by ourselves.
    pub retry_at: Option<DateTime<Utc>>,
    /// The payment intent whose payment it waits for.
    pub awaits: Option<&'a str>,
}

/// Keeps an event that could not be applied.
pub async fn keep_event(
    conn: &mut MySqlConnection,
    event: &StoredEvent<'_>,
    kept: Kept<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stripe_events
           (id, type, status, object_id, payload, last_error, next_attempt_at, awaits, received_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
           attempts = CASE WHEN status IN ('FAILED', 'UNMATCHED', 'PARKED') THEN attempts + 1 ELSE attempts END,
           last_error = CASE WHEN status IN ('FAILED', 'UNMATCHED', 'PARKED') THEN VALUES(last_error) ELSE last_error END,
           next_attempt_at =
             CASE WHEN status IN ('FAILED', 'UNMATCHED', 'PARKED') THEN VALUES(next_attempt_at) ELSE next_attempt_at END,
           awaits = CASE WHEN status IN ('FAILED', 'UNMATCHED', 'PARKED') THEN VALUES(awaits) ELSE awaits END,
           status = CASE WHEN status IN ('FAILED', 'UNMATCHED', 'PARKED') THEN VALUES(status) ELSE status END",
        event.id,
        event.kind,
        kept.status,
        event.object_id,
        event.payload,
        kept.error,
        kept.retry_at,
        kept.awaits,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An event that waited for its payment.
pub struct AwaitingEvent {
    pub id: String,
    pub payload: String,
}

/// Locks the events that wait for the payment of an intent, oldest first. One that another delivery holds is passed
/// over: that delivery waits for the payment's row and applies it itself.
pub async fn lock_events_awaiting(
    conn: &mut MySqlConnection,
    intent: &str,
) -> Result<Vec<AwaitingEvent>, sqlx::Error> {
    sqlx::query_as!(
        AwaitingEvent,
        "SELECT id, payload FROM stripe_events
         WHERE awaits = ? AND status IN ('PARKED', 'UNMATCHED') ORDER BY received_at, id FOR UPDATE SKIP LOCKED",
        intent
    )
    .fetch_all(conn)
    .await
}

/// Notes that a stored event was applied, and what is kept of it.
pub async fn set_processed(
    conn: &mut MySqlConnection,
    id: &str,
    payload: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE stripe_events SET status = 'PROCESSED', processed_at = ?, last_error = NULL, payload = ? WHERE id = ?",
        now,
        payload,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Failed events, tried until they are applied or an administrator gives them up. Deliveries count as tries too, so that
/// tries are counted where their outcome is noted.
pub enum Inbox {}

impl Queue for Inbox {
    type Id = String;
    const TABLE: &'static str = "stripe_events";
    const INDEX: &'static str = "stripe_events_due";
    const WAITING: &'static [&'static str] = &["status = 'FAILED'"];
    const ATTEMPTS: Option<&'static str> = None;
    const GIVE_UP: &'static str = "status = 'DISCARDED'";
    const LEASE: TimeDelta = TimeDelta::minutes(5);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::hours(1));
}

/// The body of a stored event, as received.
pub async fn event_payload(conn: &mut MySqlConnection, id: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!("SELECT payload FROM stripe_events WHERE id = ?", id).fetch_one(conn).await
}

/// How often a stored event was tried.
pub async fn event_attempts(conn: &mut MySqlConnection, id: &str) -> Result<u32, sqlx::Error> {
    let attempts = sqlx::query_scalar!("SELECT attempts FROM stripe_events WHERE id = ?", id)
        .fetch_optional(conn)
        .await?;
    Ok(attempts.unwrap_or(0))
}
