//! Tables that no migration makes: those of what replaces the outside world in development.

use std::time::Duration;

use sqlx::Error;

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
