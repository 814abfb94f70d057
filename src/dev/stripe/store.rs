//! The simulator's tables. They are no part of the schema in `migrations/`, so their queries
//! are not checked at compile time.

use chrono::{DateTime, Utc};
use sqlx::{Executor, FromRow, MySql, MySqlPool};

use super::cards;
use super::status::{PaymentStatus, SessionStatus};
use crate::db::{Db, tables};

const SESSIONS: &str = "CREATE TABLE IF NOT EXISTS dev_stripe_sessions (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    object MEDIUMTEXT NOT NULL COMMENT 'the session as answered at its creation',
    intent_metadata MEDIUMTEXT NOT NULL,
    payment_intent VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount BIGINT NOT NULL,
    refunded BIGINT NOT NULL DEFAULT 0,
    status VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'open',
    payment_status VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'unpaid',
    awaits_money BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'completed with a delayed method',
    customer_details MEDIUMTEXT NULL,
    expires_at DATETIME(3) NOT NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY dev_stripe_sessions_intent (payment_intent),
    KEY dev_stripe_sessions_lapse (status, expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

const EVENTS: &str = "CREATE TABLE IF NOT EXISTS dev_stripe_events (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    session_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payload MEDIUMTEXT NOT NULL,
    attempts INT NOT NULL DEFAULT 0,
    last_status INT NULL COMMENT 'HTTP status of the last answer; NULL when there was none',
    last_answer TEXT NULL,
    next_attempt_at DATETIME(3) NULL COMMENT 'NULL when no further attempt is due',
    delivered_at DATETIME(3) NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY dev_stripe_events_due (next_attempt_at, id),
    KEY dev_stripe_events_session (session_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

const ANSWERS: &str = "CREATE TABLE IF NOT EXISTS dev_stripe_answers (
    idempotency_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    fingerprint CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the request',
    answer MEDIUMTEXT NOT NULL,
    PRIMARY KEY (idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

pub async fn create_tables(db: &Db) -> Result<(), sqlx::Error> {
    let tables = [SESSIONS, EVENTS, ANSWERS, cards::CUSTOMERS, cards::CARDS, super::catalogue::TABLE];
    tables::create_missing(db, &tables).await
}

/// One session: what was asked for, and what became of it.
#[derive(FromRow)]
pub struct SessionRow {
    pub id: String,
    pub object: String,
    pub intent_metadata: String,
    pub payment_intent: String,
    pub amount: i64,
    pub refunded: i64,
    #[sqlx(try_from = "String")]
    pub status: SessionStatus,
    #[sqlx(try_from = "String")]
    pub payment_status: PaymentStatus,
    pub awaits_money: bool,
    pub customer_details: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

const SELECT_BY_ID: &str = "SELECT * FROM dev_stripe_sessions WHERE id = ?";
const SELECT_BY_INTENT: &str = "SELECT * FROM dev_stripe_sessions WHERE payment_intent = ?";

pub async fn session<'e, E>(db: E, id: &str) -> Result<Option<SessionRow>, sqlx::Error>
where
    E: Executor<'e, Database = MySql>,
{
    sqlx::query_as(SELECT_BY_ID).bind(id).fetch_optional(db).await
}

pub async fn session_by_intent<'e, E>(db: E, intent: &str) -> Result<Option<SessionRow>, sqlx::Error>
where
    E: Executor<'e, Database = MySql>,
{
    sqlx::query_as(SELECT_BY_INTENT).bind(intent).fetch_optional(db).await
}

/// Keeps a new session.
pub async fn insert_session<'e, E>(db: E, row: &SessionRow) -> Result<(), sqlx::Error>
where
    E: Executor<'e, Database = MySql>,
{
    sqlx::query(
        "INSERT INTO dev_stripe_sessions
            (id, object, intent_metadata, payment_intent, amount, expires_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&row.id)
    .bind(&row.object)
    .bind(&row.intent_metadata)
    .bind(&row.payment_intent)
    .bind(row.amount)
    .bind(row.expires_at)
    .bind(row.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The request and the answer an idempotency key stands for.
#[derive(FromRow)]
pub struct AnswerRow {
    pub fingerprint: String,
    pub answer: String,
}

pub async fn answer(db: &MySqlPool, key: &str) -> Result<Option<AnswerRow>, sqlx::Error> {
    sqlx::query_as("SELECT fingerprint, answer FROM dev_stripe_answers WHERE idempotency_key = ?")
        .bind(key)
        .fetch_optional(db)
        .await
}

/// Keeps an answer; a second one for the same key is a unique violation.
pub async fn insert_answer<'e, E>(db: E, key: &str, row: &AnswerRow) -> Result<(), sqlx::Error>
where
    E: Executor<'e, Database = MySql>,
{
    sqlx::query("INSERT INTO dev_stripe_answers (idempotency_key, fingerprint, answer) VALUES (?, ?, ?)")
        .bind(key)
        .bind(&row.fingerprint)
        .bind(&row.answer)
        .execute(db)
        .await?;
    Ok(())
}

/// Open sessions whose time is over.
pub async fn lapsed(db: &MySqlPool, now: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM dev_stripe_sessions WHERE status = 'open' AND expires_at <= ?
         ORDER BY id LIMIT 100",
    )
    .bind(now)
    .fetch_all(db)
    .await
}

/// One webhook and how its deliveries went.
#[derive(FromRow)]
pub struct EventRow {
    pub id: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub session_id: String,
    pub payload: String,
    pub attempts: i32,
    pub last_status: Option<i32>,
    pub last_answer: Option<String>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

pub async fn insert_event<'e, E>(db: E, event: &EventRow) -> Result<(), sqlx::Error>
where
    E: Executor<'e, Database = MySql>,
{
    sqlx::query(
        "INSERT INTO dev_stripe_events (id, type, session_id, payload, next_attempt_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(&event.id)
    .bind(&event.kind)
    .bind(&event.session_id)
    .bind(&event.payload)
    .bind(event.next_attempt_at)
    .bind(event.created_at)
    .execute(db)
    .await?;
    Ok(())
}

pub async fn event(db: &MySqlPool, id: &str) -> Result<Option<EventRow>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM dev_stripe_events WHERE id = ?").bind(id).fetch_optional(db).await
}

/// The latest events, newest first; of one session, or of all.
pub async fn events(db: &MySqlPool, session: Option<&str>) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT * FROM dev_stripe_events WHERE (? IS NULL OR session_id = ?)
         ORDER BY id DESC LIMIT 100",
    )
    .bind(session)
    .bind(session)
    .fetch_all(db)
    .await
}

/// When the money of a session came: when the event that tells of it was made.
pub async fn debited_at(db: &MySqlPool, session: &str) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT MAX(created_at) FROM dev_stripe_events WHERE session_id = ?
           AND type IN ('checkout.session.completed', 'checkout.session.async_payment_succeeded')",
    )
    .bind(session)
    .fetch_one(db)
    .await
}

/// Events to deliver now, oldest first.
pub async fn due_events(db: &MySqlPool, now: DateTime<Utc>) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM dev_stripe_events WHERE next_attempt_at <= ? ORDER BY id LIMIT 20")
        .bind(now)
        .fetch_all(db)
        .await
}

/// Takes a due event for one delivery; false when another worker was faster.
pub async fn lease(
    db: &MySqlPool,
    id: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let taken =
        sqlx::query("UPDATE dev_stripe_events SET next_attempt_at = ? WHERE id = ? AND next_attempt_at <= ?")
            .bind(until)
            .bind(id)
            .bind(now)
            .execute(db)
            .await?;
    Ok(taken.rows_affected() == 1)
}

/// Writes down how a delivery went.
pub async fn record_attempt(db: &MySqlPool, event: &EventRow) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE dev_stripe_events SET attempts = ?, last_status = ?, last_answer = ?,
            next_attempt_at = ?, delivered_at = ? WHERE id = ?",
    )
    .bind(event.attempts)
    .bind(event.last_status)
    .bind(&event.last_answer)
    .bind(event.next_attempt_at)
    .bind(event.delivered_at)
    .bind(&event.id)
    .execute(db)
    .await?;
    Ok(())
}
