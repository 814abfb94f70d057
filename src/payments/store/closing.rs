//! SQL of the payment pages that are to be closed at Stripe.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::db::{Backoff, lease::Queue};

/// Payment pages to close at Stripe: their order went, or costs something else now.
pub enum Closings {}

impl Queue for Closings {
    type Id = Uuid;
    const TABLE: &'static str = "checkout_sessions";
    const DUE: &'static str = "close_due_at";
    const INDEX: &'static str = "checkout_sessions_close";
    const ATTEMPTS: Option<&'static str> = Some("close_attempts");
    const CAUSE: Option<&'static str> = Some("close_error");
    const CHANGED: Option<&'static str> = Some("updated_at");
    const LEASE: TimeDelta = TimeDelta::minutes(2);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::hours(1));
}

/// Queues the open payment pages of an order, pending or not, for closing.
pub async fn queue_closing(
    conn: &mut MySqlConnection,
    commande_id: Option<Uuid>,
    pending_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET close_due_at = ?, close_attempts = 0, updated_at = ?
         WHERE (commande_id = ? OR pending_commande_id = ?) AND status IN ('CREATING', 'OPEN') AND close_due_at IS NULL",
        now,
        now,
        commande_id,
        pending_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Queues the open payment pages of a person's orders, pending or not, for closing.
///
/// # Errors
/// When the database refuses.
pub async fn queue_closing_of_person(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    email: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    // Read without a lock, by their indexes: a page that is being paid for is not waited for.
    let open = sqlx::query_scalar!(
        r#"SELECT s.id AS "id!: Uuid" FROM commandes c JOIN checkout_sessions s ON s.commande_id = c.id
           WHERE c.user_id = ? AND s.status IN ('CREATING', 'OPEN') AND s.close_due_at IS NULL
           UNION
           SELECT s.id FROM pending_commandes p JOIN checkout_sessions s ON s.pending_commande_id = p.id
           WHERE (p.user_id = ? OR p.email = ?) AND s.status IN ('CREATING', 'OPEN') AND s.close_due_at IS NULL"#,
        user_id,
        user_id,
        email
    )
    .fetch_all(&mut *conn)
    .await?;
    for id in open {
        sqlx::query!(
            "UPDATE checkout_sessions SET close_due_at = ?, close_attempts = 0, updated_at = ?
             WHERE id = ? AND status IN ('CREATING', 'OPEN') AND close_due_at IS NULL",
            now,
            now,
            id
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Queues the payment pages of these pending orders that were opened before an instant and should have ended.
///
/// # Errors
/// When the database refuses.
pub async fn queue_overdue(
    conn: &mut MySqlConnection,
    pending_ids: &[Uuid],
    opened_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for id in pending_ids {
        sqlx::query!(
            "UPDATE checkout_sessions SET close_due_at = ?, close_attempts = 0, updated_at = ?
             WHERE pending_commande_id = ? AND created_at < ? AND status IN ('CREATING', 'OPEN') AND close_due_at IS NULL",
            now,
            now,
            id,
            opened_before
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Parts the payment pages from a pending order about to be removed: those that may still be paid are closed, those
/// that ended go with it.
///
/// # Errors
/// When the database refuses.
pub async fn part_from_pending(
    conn: &mut MySqlConnection,
    pending_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    queue_closing(conn, None, Some(pending_id), now).await?;
    sqlx::query!(
        "DELETE FROM checkout_sessions WHERE pending_commande_id = ? AND status IN ('FAILED', 'EXPIRED')",
        pending_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a session need not be closed any more: its money is on its way.
pub async fn forget_closing(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE checkout_sessions SET close_due_at = NULL WHERE id = ?", id)
        .execute(conn)
        .await
        .map(drop)
}
