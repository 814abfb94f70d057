//! What Stripe calls the owners of accounts.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

/// The customer of an account, if it has one.
///
/// # Errors
/// When the database refuses.
pub async fn stripe_id(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Option<String>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "SELECT stripe_customer_id FROM users WHERE id = ? AND deleted_at IS NULL",
        user_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.flatten())
}

/// Keeps the customer of an account that has none, and gives the one it has now; none when the account is gone.
///
/// # Errors
/// When the database refuses.
pub async fn keep(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    customer: &str,
    now: DateTime<Utc>,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET stripe_customer_id = ?, updated_at = ?
         WHERE id = ? AND stripe_customer_id IS NULL AND deleted_at IS NULL",
        customer,
        now,
        user_id
    )
    .execute(&mut *conn)
    .await?;
    stripe_id(conn, user_id).await
}

/// Forgets the customer of an account, unless it has another one meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn forget(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    customer: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET stripe_customer_id = NULL, updated_at = ? WHERE id = ? AND stripe_customer_id = ?",
        now,
        user_id,
        customer
    )
    .execute(conn)
    .await
    .map(drop)
}
