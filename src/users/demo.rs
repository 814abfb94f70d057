//! Accounts of the demonstration: marked as such, of no password, at addresses that can never exist.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use super::{Role, UNUSABLE};

/// An account of the demonstration.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoUser {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address, normalised.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// Whether it may log in, once it had a password.
    pub is_active: bool,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Writes accounts of the demonstration. A taken address violates the key of addresses.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: &mut MySqlConnection, users: &[DemoUser]) -> Result<(), sqlx::Error> {
    if users.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<MySql>::new(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, deactivated_by, is_demo, created_at, updated_at) ",
    );
    query.push_values(users, |mut row, user| {
        row.push_bind(user.id).push_bind(&user.prenom).push_bind(&user.nom).push_bind(&user.email);
        row.push_bind(UNUSABLE).push_bind(user.role).push_bind(user.is_active);
        row.push_bind((!user.is_active).then_some("ADMIN")).push_bind(true);
        row.push_bind(user.created_at).push_bind(user.updated_at);
    });
    query.build().execute(conn).await.map(drop)
}

/// How many accounts of the demonstration there are.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT COUNT(*) FROM users WHERE is_demo = TRUE").fetch_one(conn).await
}

/// The oldest active accounts of authors, so many at most.
///
/// # Errors
/// When the database refuses.
pub async fn authors(conn: &mut MySqlConnection, most: u32) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM users WHERE deleted_at IS NULL AND role = 'USER' AND is_active = TRUE
           ORDER BY created_at, id LIMIT ?"#,
        most
    )
    .fetch_all(conn)
    .await
}

/// Removes the accounts of the demonstration that nothing real hangs on, their orders being gone already; tells how
/// many.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM users WHERE is_demo = TRUE
           AND NOT EXISTS (SELECT 1 FROM commandes c WHERE c.user_id = users.id OR c.corrector_id = users.id)
           AND NOT EXISTS (SELECT 1 FROM pending_commandes p WHERE p.user_id = users.id)
           AND NOT EXISTS (SELECT 1 FROM files f WHERE f.uploaded_by_id = users.id)
           AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.sender_id = users.id OR m.receiver_id = users.id)
           AND NOT EXISTS (SELECT 1 FROM data_exports e WHERE e.user_id = users.id)"
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
