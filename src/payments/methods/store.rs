//! SQL of the cards people keep. Every change begins with the lock of the account, so that there is always one default.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::Card;
use crate::{clock::new_id, payments::event::CardDetails};

/// The cards of an account, newest first.
pub async fn of_user(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Card>, sqlx::Error> {
    sqlx::query_as!(
        Card,
        "SELECT id, brand, last4, exp_month, exp_year, is_default FROM payment_methods
         WHERE user_id = ? AND is_active = TRUE ORDER BY created_at DESC, id DESC",
        user_id
    )
    .fetch_all(conn)
    .await
}

/// Whether an account keeps a card.
pub async fn has_one(conn: &mut MySqlConnection, user_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM payment_methods WHERE user_id = ? AND is_active = TRUE) AS "has!: bool""#,
        user_id
    )
    .fetch_one(conn)
    .await
}

/// A card as it is known here, kept or not.
pub struct Known {
    /// Our row.
    pub id: Uuid,
    /// Whose it was when it was kept.
    pub user_id: Uuid,
    /// Whether it is kept.
    pub is_active: bool,
}

/// The card that Stripe calls so.
pub async fn known(conn: &mut MySqlConnection, stripe_id: &str) -> Result<Option<Known>, sqlx::Error> {
    sqlx::query_as!(
        Known,
        "SELECT id, user_id, is_active FROM payment_methods WHERE stripe_payment_method_id = ?",
        stripe_id
    )
    .fetch_optional(conn)
    .await
}

/// Keeps a card, again or for the first time; gives our id of it.
pub async fn keep(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    stripe_id: &str,
    card: &CardDetails,
    is_default: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    // A row of somebody else stays as it is: the caller has looked.
    sqlx::query!(
        "INSERT INTO payment_methods
           (id, user_id, stripe_payment_method_id, brand, last4, exp_month, exp_year, is_default, is_active, fingerprint,
            created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, TRUE, ?, ?, ?)
         ON DUPLICATE KEY UPDATE brand = VALUES(brand), last4 = VALUES(last4), exp_month = VALUES(exp_month),
           exp_year = VALUES(exp_year), fingerprint = VALUES(fingerprint), is_default = VALUES(is_default),
           created_at = VALUES(created_at), updated_at = VALUES(updated_at), is_active = TRUE",
        new_id(),
        user_id,
        stripe_id,
        card.brand,
        card.last4,
        card.exp_month,
        card.exp_year,
        is_default,
        card.fingerprint,
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What Stripe calls a kept card of an account, and whether it is the default.
pub async fn one_of_user(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
) -> Result<Option<(String, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT stripe_payment_method_id, is_default FROM payment_methods WHERE id = ? AND user_id = ? AND is_active = TRUE",
        id,
        user_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.stripe_payment_method_id, row.is_default)))
}

/// Makes a card the default of its account.
pub async fn set_default(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE payment_methods SET is_default = FALSE, updated_at = ?
         WHERE user_id = ? AND is_default = TRUE AND id <> ?",
        now,
        user_id,
        id
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE payment_methods SET is_default = TRUE, updated_at = ? WHERE id = ?", now, id)
        .execute(conn)
        .await
        .map(drop)
}

/// Keeps a card no more.
pub async fn retire(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE payment_methods SET is_active = FALSE, is_default = FALSE, updated_at = ? WHERE id = ?",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes all cards of an account, and gives what Stripe calls those it may still have.
pub async fn remove_all(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let cards = sqlx::query_scalar!(
        "SELECT stripe_payment_method_id FROM payment_methods WHERE user_id = ? FOR UPDATE",
        user_id
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM payment_methods WHERE user_id = ?", user_id).execute(conn).await?;
    Ok(cards)
}
