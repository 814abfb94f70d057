//! SQL over the secret tokens. A token is good while it is unused and unexpired; the statement that uses it says so
//! itself, so that of two users of one token exactly one wins.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::jobs::BATCH;

/// Whose account an activation token opens, and until when.
pub struct ActivationToken {
    /// The account.
    pub user_id: Uuid,
    /// End of validity.
    pub expires_at: DateTime<Utc>,
    /// Whether it, or another one of the account, has served.
    pub used: bool,
}

/// The unexpired activation token with this hash, used or not.
pub async fn activation_token(
    conn: &mut MySqlConnection,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<ActivationToken>, sqlx::Error> {
    sqlx::query_as!(
        ActivationToken,
        r#"SELECT user_id AS "user_id: Uuid", expires_at, used_at IS NOT NULL AS "used!: bool"
           FROM activation_tokens WHERE token_hash = ? AND expires_at > ?"#,
        token_hash,
        now
    )
    .fetch_optional(conn)
    .await
}

/// Uses an activation token and makes the account's others useless; tells whether the token was still good.
pub async fn use_activation_token(
    conn: &mut MySqlConnection,
    token_hash: &str,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "UPDATE activation_tokens SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
        now,
        token_hash,
        now
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE activation_tokens SET used_at = ? WHERE user_id = ? AND used_at IS NULL",
        now,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Whose password a good reset token may replace.
pub async fn reset_owner(
    conn: &mut MySqlConnection,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: Uuid" FROM password_resets
           WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?"#,
        token_hash,
        now
    )
    .fetch_optional(conn)
    .await
}

/// Uses a reset token and makes the account's others useless; tells whether the token was still good.
pub async fn use_reset_token(
    conn: &mut MySqlConnection,
    token_hash: &str,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "UPDATE password_resets SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
        now,
        token_hash,
        now
    )
    .execute(&mut *conn)
    .await?;
    void_reset_tokens(conn, user_id, now).await?;
    Ok(used.rows_affected() == 1)
}

/// Makes every reset token of an account useless, as after a change of its password.
pub async fn void_reset_tokens(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE password_resets SET used_at = ? WHERE user_id = ? AND used_at IS NULL", now, user_id)
        .execute(conn)
        .await
        .map(drop)
}

/// Makes the activation links of an account useless: they were mailed to an address that is not its any more.
pub async fn void_activation_tokens(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE activation_tokens SET used_at = ? WHERE user_id = ? AND used_at IS NULL",
        now,
        user_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Accounts whose only activation link expires unused within this time: whoever was sent another is not among them.
pub async fn about_to_expire(
    conn: &mut MySqlConnection,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT t.user_id AS "user_id: Uuid" FROM activation_tokens t
           WHERE t.expires_at > ? AND t.expires_at <= ? AND t.used_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM activation_tokens o WHERE o.user_id = t.user_id AND o.token_hash <> t.token_hash)
           ORDER BY t.expires_at LIMIT ?"#,
        after,
        until,
        BATCH
    )
    .fetch_all(conn)
    .await
}

/// What a renewed activation mail says of the order an account was opened for.
pub struct LatestOrder {
    /// Title.
    pub titre: String,
    /// What people call it.
    pub reference: Option<String>,
}

/// The latest order of an account.
pub async fn latest_order(
    conn: &mut MySqlConnection,
    user_id: Uuid,
) -> Result<Option<LatestOrder>, sqlx::Error> {
    sqlx::query_as!(
        LatestOrder,
        "SELECT titre, reference FROM commandes WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT 1",
        user_id
    )
    .fetch_optional(conn)
    .await
}
