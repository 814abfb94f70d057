//! The ticket with which who has just activated an account arrives logged in.
//!
//! The web application posts the `user` of an activation's answer to `/auth/login`. That object therefore has a
//! `password`: never the person's own, but a ticket that logs in to this account, once, within a minute. Only its
//! SHA-256 is stored, and it dies with the sessions of its time.

use chrono::{DateTime, Duration, Utc};
use sqlx::MySqlConnection;

use super::secret_links::{hash, new_token};
use crate::users::User;

/// How long a ticket logs in.
const LIFETIME: Duration = Duration::seconds(60);

/// Tells a ticket from a password, so that ordinary logins look nothing up.
const PREFIX: &str = "ticket-";

/// Whether a password has the form of a ticket.
pub(super) fn is_one(password: &str) -> bool {
    password.starts_with(PREFIX)
}

/// Makes a ticket of this account.
///
/// # Errors
/// When the database refuses.
pub(super) async fn issue(
    conn: &mut MySqlConnection,
    user: &User,
    now: DateTime<Utc>,
) -> Result<String, sqlx::Error> {
    let ticket = format!("{PREFIX}{}", new_token());
    sqlx::query!(
        "INSERT INTO login_tickets (ticket_hash, user_id, token_version, expires_at, created_at) VALUES (?, ?, ?, ?, ?)",
        hash(&ticket),
        user.id,
        user.token_version,
        now + LIFETIME,
        now
    )
    .execute(conn)
    .await?;
    Ok(ticket)
}

/// Takes a ticket of this account back; tells whether it was still good.
///
/// # Errors
/// When the database refuses.
pub(super) async fn redeem(
    conn: &mut MySqlConnection,
    ticket: &str,
    user: &User,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "DELETE FROM login_tickets WHERE ticket_hash = ? AND user_id = ? AND token_version = ? AND expires_at > ?",
        hash(ticket),
        user.id,
        user.token_version,
        now
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}
