//! Accounts as the owners of paid orders.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::UNUSABLE;
use crate::clock::new_id;

/// The account that a paid order belongs to.
pub struct Account {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Stored address.
    pub email: String,
    /// Never activated: its owner still has to choose a password.
    pub dormant: bool,
}

/// Locks an account, an erased one too: what is paid must be invoiced to someone.
///
/// # Errors
/// When the database refuses.
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

/// Locks the account of an address.
///
/// # Errors
/// When the database refuses.
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

/// A guest whose order was paid.
pub struct Guest<'a> {
    /// First name.
    pub prenom: &'a str,
    /// Family name.
    pub nom: &'a str,
    /// Address, normalised.
    pub email: &'a str,
    /// Telephone number.
    pub telephone: Option<&'a str>,
    /// Postal address.
    pub adresse: Option<&'a str>,
}

/// Opens the account of a guest who paid, without a password, unless their address has one
/// meanwhile: several orders of one guest may be paid at the same instant.
///
/// # Errors
/// When the database refuses.
pub async fn open_dormant(
    conn: &mut MySqlConnection,
    guest: &Guest<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, telephone, adresse, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 'USER', FALSE, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE email = users.email",
        new_id(),
        guest.prenom,
        guest.nom,
        guest.email,
        UNUSABLE,
        guest.telephone,
        guest.adresse,
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
