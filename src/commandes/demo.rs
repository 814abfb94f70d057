//! Orders of the demonstration, and what becomes of them.

use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

/// How many orders of the demonstration there are.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT COUNT(*) FROM commandes WHERE is_demo = TRUE").fetch_one(conn).await
}

/// The orders of the demonstration that can be removed, locked: no real money and no real invoice hangs on them.
///
/// # Errors
/// When the database refuses.
pub async fn removable(conn: &mut MySqlConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT c.id AS "id: Uuid" FROM commandes c
           WHERE c.is_demo = TRUE
             AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.commande_id = c.id)
             AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.commande_id = c.id AND i.is_demo = FALSE)
           FOR UPDATE"#
    )
    .fetch_all(conn)
    .await
}

/// Removes orders whose documents and invoices are gone; tells how many there were.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut MySqlConnection, ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::<MySql>::new("DELETE FROM commandes WHERE is_demo = TRUE AND id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    query.push(")");
    Ok(query.build().execute(conn).await?.rows_affected())
}
