//! SQL of the accounts that paid orders belong to.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::PendingRow;
use crate::clock::new_id;

/// The account that a paid order belongs to.
pub struct Account {
    pub id: Uuid,
    pub prenom: String,
    pub nom: String,
    pub email: String,
    /// Never activated: its owner still has to choose a password.
    pub dormant: bool,
}

/// Locks an account, an erased one too: what is paid must be invoiced to someone.
pub async fn lock_account(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id, prenom, nom, email, (is_active = FALSE AND deactivated_by IS NULL AND deleted_at IS NULL) AS "dormant!: bool"
           FROM users WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

pub async fn lock_account_by_email(
    conn: &mut MySqlConnection,
    email: &str,
) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id, prenom, nom, email, (is_active = FALSE AND deactivated_by IS NULL) AS "dormant!: bool"
           FROM users WHERE email = ? AND deleted_at IS NULL FOR UPDATE"#,
        email
    )
    .fetch_optional(conn)
    .await
}

/// Creates the account of a guest who paid, without a password, unless its address has one
/// meanwhile: several orders of one guest may be paid at the same instant.
pub async fn insert_dormant_account(
    conn: &mut MySqlConnection,
    pending: &PendingRow,
    unusable_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, telephone, adresse, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 'USER', FALSE, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE email = users.email",
        new_id(),
        pending.prenom,
        pending.nom,
        pending.email,
        unusable_hash,
        pending.telephone,
        pending.adresse,
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
