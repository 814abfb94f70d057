//! Somebody must be left to run the platform: the last active administrator stays one, whoever asks and however many
//! ask at once.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::Role;
use crate::http::error::{ApiError, ApiResult};

/// Locks an account that is about to lose its rights, and refuses when it is the last active administrator's. The first
/// statement of such a transaction: of those who come together, each counts what the ones before have left.
///
/// # Errors
/// 409 `LAST_ADMIN`, or when the database refuses.
pub async fn refuse(conn: &mut MySqlConnection, id: Uuid) -> ApiResult<()> {
    match is(conn, id).await? {
        true => Err(refusal()),
        false => Ok(()),
    }
}

/// 409: nobody would be left to run the platform.
pub fn refusal() -> ApiError {
    ApiError::conflict(
        "LAST_ADMIN",
        "Ce compte est le dernier compte administrateur actif : nommez d’abord un autre administrateur.",
    )
}

/// Locks an account that may be about to lose its rights, as [`refuse`] does, and tells whether it is the last active
/// administrator's.
///
/// # Errors
/// When the database refuses.
pub async fn is(conn: &mut MySqlConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    // All administrators before the one, so that everybody takes these locks in one order.
    let expected = role(conn, id).await?;
    let mut admins = match expected {
        Some(Role::Admin) => Some(lock_admins(conn).await?),
        _ => None,
    };
    if lock_role(conn, id).await? == Some(Role::Admin) && admins.is_none() {
        // Appointed in between.
        admins = Some(lock_admins(conn).await?);
    }
    Ok(matches!(admins.as_deref(), Some([last]) if *last == id))
}

async fn role(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Role>, sqlx::Error> {
    let row =
        sqlx::query!(r#"SELECT role AS "role: Role" FROM users WHERE id = ? AND deleted_at IS NULL"#, id);
    Ok(row.fetch_optional(conn).await?.map(|row| row.role))
}

async fn lock_role(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Role>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT role AS "role: Role" FROM users WHERE id = ? AND deleted_at IS NULL FOR UPDATE"#,
        id
    );
    Ok(row.fetch_optional(conn).await?.map(|row| row.role))
}

/// In the order of an index that ends with the id: locks are taken as rows are read, before they could be sorted.
async fn lock_admins(conn: &mut MySqlConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM users FORCE INDEX (users_role)
           WHERE role = 'ADMIN' AND is_active = TRUE AND deleted_at IS NULL ORDER BY id FOR UPDATE"#
    )
    .fetch_all(conn)
    .await
}
