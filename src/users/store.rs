//! SQL over `users`. Erased accounts do not exist for these functions.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{DeactivatedBy, Role, SessionUser, User};

/// An account to open.
pub struct NewUser<'a> {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: &'a str,
    /// Family name.
    pub nom: &'a str,
    /// Address, normalised.
    pub email: &'a str,
    /// PHC string, or [`super::UNUSABLE`].
    pub password_hash: &'a str,
    /// What it may do.
    pub role: Role,
    /// Whether it may log in at once.
    pub is_active: bool,
    /// Phone number.
    pub telephone: Option<&'a str>,
}

/// Opens an account. A taken address violates the key [`EMAIL_KEY`].
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut MySqlConnection,
    new: &NewUser<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, telephone, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.id,
        new.prenom,
        new.nom,
        new.email,
        new.password_hash,
        new.role,
        new.is_active,
        new.telephone,
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Opens an account as it is given. A taken address violates the key [`EMAIL_KEY`].
///
/// # Errors
/// When the database refuses.
pub async fn add(conn: &mut MySqlConnection, user: &User) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, deactivated_by, telephone, adresse,
                            created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        user.id,
        user.prenom,
        user.nom,
        user.email,
        user.password_hash,
        user.role,
        user.is_active,
        user.deactivated_by,
        user.telephone,
        user.adresse,
        user.created_at,
        user.updated_at
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes all that the team may change of an account that is locked. A taken address violates the key [`EMAIL_KEY`].
///
/// # Errors
/// When the database refuses.
pub async fn save(conn: &mut MySqlConnection, user: &User) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET prenom = ?, nom = ?, email = ?, role = ?, is_active = ?, deactivated_by = ?, token_version = ?,
                telephone = ?, adresse = ?, updated_at = ?
         WHERE id = ?",
        user.prenom,
        user.nom,
        user.email,
        user.role,
        user.is_active,
        user.deactivated_by,
        user.token_version,
        user.telephone,
        user.adresse,
        user.updated_at,
        user.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The key that keeps addresses unique.
pub const EMAIL_KEY: &str = "users_email";

/// The account with this id.
///
/// # Errors
/// When the database refuses.
pub async fn by_id(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<User>, sqlx::Error> {
    sqlx::query_as!(
        User,
        r#"SELECT id, prenom, nom, email, password_hash, role AS "role: Role", is_active,
             deactivated_by AS "deactivated_by: DeactivatedBy", token_version, telephone, adresse, avatar, bio,
             preferences AS "preferences: Json<serde_json::Value>", created_at, updated_at
           FROM users WHERE id = ? AND deleted_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// The account with this normalised address, compared as bytes.
///
/// # Errors
/// When the database refuses.
pub async fn by_email(conn: &mut MySqlConnection, email: &str) -> Result<Option<User>, sqlx::Error> {
    sqlx::query_as!(
        User,
        r#"SELECT id, prenom, nom, email, password_hash, role AS "role: Role", is_active,
             deactivated_by AS "deactivated_by: DeactivatedBy", token_version, telephone, adresse, avatar, bio,
             preferences AS "preferences: Json<serde_json::Value>", created_at, updated_at
           FROM users WHERE email = ? AND deleted_at IS NULL"#,
        email
    )
    .fetch_optional(conn)
    .await
}

/// The account behind a session.
///
/// # Errors
/// When the database refuses.
pub async fn session_user(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<SessionUser>, sqlx::Error> {
    sqlx::query_as!(
        SessionUser,
        r#"SELECT id, prenom, nom, email, role AS "role: Role", is_active, token_version
           FROM users WHERE id = ? AND deleted_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Ids of the active administrators.
///
/// # Errors
/// When the database refuses.
pub async fn active_admins(conn: &mut MySqlConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT id AS "id: Uuid" FROM users WHERE role = 'ADMIN' AND is_active = TRUE AND deleted_at IS NULL"#)
        .fetch_all(conn)
        .await
}

/// Whether an address belongs to an account. A guest account that was never activated does not count: its owner may
/// order again, and the order joins that account when it is paid.
///
/// # Errors
/// When the database refuses.
pub async fn address_is_taken(conn: &mut MySqlConnection, email: &str) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM users
         WHERE email = ? AND NOT (is_active = FALSE AND deactivated_by IS NULL AND deleted_at IS NULL)",
        email
    )
    .fetch_one(conn)
    .await?;
    Ok(taken > 0)
}

/// Keeps everybody else from changing this account until the transaction ends. The first statement of every
/// transaction that changes an account, so that all take their locks in one order.
///
/// # Errors
/// When the database refuses.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT id FROM users WHERE id = ? FOR UPDATE", id).fetch_optional(conn).await.map(drop)
}

/// Replaces an outdated hash by a new one of the same password, unless the password was changed meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn upgrade_hash(
    conn: &mut MySqlConnection,
    id: Uuid,
    outdated: &str,
    hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?", hash, id, outdated)
        .execute(conn)
        .await
        .map(drop)
}

/// Reopens an account that its owner had closed; tells whether it did.
///
/// # Errors
/// When the database refuses.
pub async fn reopen(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let reopened = sqlx::query!(
        "UPDATE users SET is_active = TRUE, deactivated_by = NULL, updated_at = ?
         WHERE id = ? AND is_active = FALSE AND deactivated_by = 'SELF'",
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(reopened.rows_affected() == 1)
}

/// Activates an account that was never active, with its first password; tells whether it did.
///
/// # Errors
/// When the database refuses.
pub async fn activate(
    conn: &mut MySqlConnection,
    id: Uuid,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let activated = sqlx::query!(
        "UPDATE users SET is_active = TRUE, password_hash = ?, updated_at = ?
         WHERE id = ? AND is_active = FALSE AND deactivated_by IS NULL AND deleted_at IS NULL",
        password_hash,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(activated.rows_affected() == 1)
}

/// Sets a new password and ends every session of the account.
///
/// # Errors
/// When the database refuses.
pub async fn set_password(
    conn: &mut MySqlConnection,
    id: Uuid,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET password_hash = ?, token_version = token_version + 1, updated_at = ? WHERE id = ?",
        password_hash,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes the profile of an account: names, number, address, text, and when they changed.
///
/// # Errors
/// When the database refuses.
pub async fn save_profile(conn: &mut MySqlConnection, user: &User) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET prenom = ?, nom = ?, telephone = ?, adresse = ?, bio = ?, updated_at = ? WHERE id = ?",
        user.prenom,
        user.nom,
        user.telephone,
        user.adresse,
        user.bio,
        user.updated_at,
        user.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Closes an account in its owner's name and ends every session of it.
///
/// # Errors
/// When the database refuses.
pub async fn close(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET is_active = FALSE, deactivated_by = 'SELF', token_version = token_version + 1, updated_at = ?
         WHERE id = ? AND is_active = TRUE AND deleted_at IS NULL",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}
