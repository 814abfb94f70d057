//! Documents that were added to orders of the demonstration.

use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

/// Removes the documents of orders; gives the objects they were.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut MySqlConnection, orders: &[Uuid]) -> Result<Vec<String>, sqlx::Error> {
    if orders.is_empty() {
        return Ok(vec![]);
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT storage_key FROM files WHERE ");
    of_orders(&mut query, orders);
    let keys = query.build_query_scalar().fetch_all(&mut *conn).await?;
    let mut query = QueryBuilder::<MySql>::new("DELETE FROM files WHERE ");
    of_orders(&mut query, orders);
    query.build().execute(conn).await?;
    Ok(keys)
}

fn of_orders(query: &mut QueryBuilder<MySql>, orders: &[Uuid]) {
    query.push("commande_id IN (");
    let mut list = query.separated(", ");
    for order in orders {
        list.push_bind(*order);
    }
    query.push(")");
}
