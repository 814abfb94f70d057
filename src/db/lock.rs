//! A lock across processes, held by a connection of its own.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, Error, MySqlConnection};

use super::{pool::Db, pool::prepare_session};

/// A named lock of this database. Dropping it, or dying, closes its connection, and the server lets go.
#[derive(Debug)]
pub struct NamedLock {
    conn: MySqlConnection,
    name: String,
}

impl NamedLock {
    /// Takes the lock `name` (at most 47 characters) if nobody holds it now.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn try_take(db: &Db, name: &str) -> Result<Option<Self>, Error> {
        Self::take(db, name, Duration::ZERO).await
    }

    /// Takes the lock `name` (at most 47 characters), waiting for whoever holds it, in whole seconds; `None` when it
    /// is still held then.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn take(db: &Db, name: &str, wait: Duration) -> Result<Option<Self>, Error> {
        let mut conn = db.pool().connect_options().connect().await?;
        prepare_session(&mut conn).await?;
        // Names are global to the server and limited to 64 characters: a digest keeps databases apart.
        let full: String = sqlx::query_scalar("SELECT CONCAT(?, '.', LEFT(SHA2(DATABASE(), 256), 16))")
            .bind(name)
            .fetch_one(&mut conn)
            .await?;
        let query = sqlx::query_scalar("SELECT GET_LOCK(?, ?)").bind(&full).bind(wait.as_secs());
        let taken: Option<i64> = query.fetch_one(&mut conn).await?;
        if taken == Some(1) {
            return Ok(Some(Self { conn, name: full }));
        }
        conn.close().await?;
        Ok(None)
    }

    /// Lets go, and waits until the server has done so.
    ///
    /// # Errors
    /// When the connection is lost; the server then lets go by itself.
    pub async fn release(mut self) -> Result<(), Error> {
        sqlx::query("SELECT RELEASE_LOCK(?)").bind(&self.name).execute(&mut self.conn).await?;
        self.conn.close().await
    }
}
