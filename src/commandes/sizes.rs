//! How much the documents of orders take, in bytes.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::files::store::room;

/// An unpaid order and its documents.
pub struct Unpaid {
    /// The order.
    pub id: Uuid,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    size: i64,
}

impl Unpaid {
    /// What its documents take.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }
}

fn bytes(sum: i64) -> u64 {
    u64::try_from(sum).unwrap_or_default()
}

/// The documents of all unpaid orders together.
///
/// # Errors
/// When the database refuses.
pub async fn unpaid(conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let sum = sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(size), 0) AS SIGNED) AS "sum!: i64" FROM files WHERE pending_commande_id IS NOT NULL"#
    )
    .fetch_one(conn)
    .await?;
    Ok(bytes(sum))
}

/// Unpaid orders with documents, oldest first, behind `after`. Ids are in the order of time.
///
/// # Errors
/// When the database refuses.
pub async fn oldest_unpaid(
    conn: &mut MySqlConnection,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Unpaid>, sqlx::Error> {
    sqlx::query_as!(
        Unpaid,
        r#"SELECT p.id AS "id: Uuid", p.created_at, CAST(SUM(f.size) AS SIGNED) AS "size!: i64"
           FROM pending_commandes p JOIN files f ON f.pending_commande_id = p.id
           WHERE p.status <> 'PAID' AND p.id > ? GROUP BY p.id, p.created_at ORDER BY p.id LIMIT ?"#,
        after.unwrap_or_default(),
        limit
    )
    .fetch_all(conn)
    .await
}

/// The documents of a pending order and of the offered orders of its customer.
///
/// # Errors
/// When the database refuses.
pub async fn offered_with(conn: &mut MySqlConnection, pending_id: Uuid) -> Result<u64, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT u.id FROM users u WHERE u.email = p.email AND u.deleted_at IS NULL) AS "user_id: Uuid",
                  CAST((SELECT COALESCE(SUM(f.size), 0) FROM files f WHERE f.pending_commande_id = p.id) AS SIGNED)
                    AS "sum!: i64"
           FROM pending_commandes p WHERE p.id = ?"#,
        pending_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(0) };
    let others = match row.user_id {
        Some(user_id) => room::offered(conn, user_id).await?.bytes(),
        None => 0,
    };
    Ok(bytes(row.sum).saturating_add(others))
}
