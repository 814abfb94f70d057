//! What development does with tables: makes those that no migration makes, of what replaces the outside world, and
//! empties them all.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Error, MySqlConnection};

use super::{NamedLock, pool::Db};

/// Longest wait for another server that makes them.
const WAIT: Duration = Duration::from_secs(60);

/// Makes the tables that are missing, in this order. Servers that start together take turns.
///
/// # Errors
/// When the database refuses, or the turn does not come.
pub async fn create_missing(db: &Db, tables: &[&'static str]) -> Result<(), Error> {
    let lock = NamedLock::take(db, "staka.tables", WAIT).await?.ok_or(Error::PoolTimedOut)?;
    let mut conn = db.conn().await?;
    for table in tables {
        sqlx::query(*table).execute(&mut *conn).await?;
    }
    lock.release().await
}

/// Empties every table but the kept ones, all or none. On a connection of its own, which alone looks past what rows lead
/// to and is gone when the work is cut off.
///
/// # Errors
/// When the database refuses.
pub async fn empty(db: &Db, kept: &[&str]) -> Result<(), Error> {
    let mut conn = MySqlConnection::connect_with(&db.pool().connect_options()).await?;
    sqlx::query("SET FOREIGN_KEY_CHECKS = 0").execute(&mut conn).await?;
    let mut tx = conn.begin().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut *tx)
    .await?;
    for table in tables.iter().filter(|table| !kept.contains(&table.as_str())) {
        // A name of the schema, from the server itself.
        sqlx::query(AssertSqlSafe(format!("DELETE FROM `{table}`"))).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    conn.close().await
}
