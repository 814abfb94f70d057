//! Applying `migrations/`, by one process at a time, safe to repeat after any crash.
//!
//! sqlx's own lock asks for an infinite timeout, which MariaDB answers with NULL: it locks nothing. So it is switched
//! off and a named lock of ours stands around the run. DDL commits by itself, so a process killed between a statement
//! and its bookkeeping leaves a migration marked unfinished. Each file holds one statement that may be run again
//! (`IF NOT EXISTS`, or a check in `information_schema`): an unfinished one is run again instead of asking for help.

use std::collections::HashSet;
use std::sync::LazyLock;

use sqlx::migrate::{Migration, Migrator};
use sqlx::{ConnectOptions, Connection, MySqlConnection};

use super::errors::number;
use super::pool::{Db, prepare_session};

/// `ER_NO_SUCH_TABLE`.
const NO_SUCH_TABLE: u16 = 1146;

/// Held on the server, per database, while migrations run. Names are limited to 64 characters, hence the digest.
const LOCK: &str = "SELECT GET_LOCK(CONCAT('staka.migrate.', LEFT(SHA2(DATABASE(), 256), 32)), 60)";
const UNLOCK: &str = "SELECT RELEASE_LOCK(CONCAT('staka.migrate.', LEFT(SHA2(DATABASE(), 256), 32)))";

/// The files of `migrations/`, embedded in the binary.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_locking(false);
    migrator
});

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Another process held the lock for the whole minute we waited, or the server could not give it.
    #[error("another process is migrating this database: no lock within 60 s")]
    Locked,
    /// A migration failed, or the database has been migrated by a newer or a different version of the program.
    #[error("migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database could not be reached or read.
    #[error("database error while migrating: {0}")]
    Database(#[from] sqlx::Error),
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The migrations applied by this run, in order, as `<version> <description>`. Empty when nothing was pending.
    pub applied: Vec<String>,
}

/// Applies every pending migration. Callers that come together take turns; the later ones find nothing left to do.
///
/// # Errors
/// See [`MigrateError`]. What was applied before the failure stays, and the next run goes on from there.
pub async fn migrate(db: &Db) -> Result<Report, MigrateError> {
    migrate_to(db, None).await
}

/// The same, up to one version and no further: the tables as a backup of that version knew them.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_to(db: &Db, target: Option<i64>) -> Result<Report, MigrateError> {
    // A connection of its own: the lock belongs to the session and ends with it, whatever happens to us.
    let mut conn = db.pool().connect_options().connect().await?;
    prepare_session(&mut conn).await?;
    take_lock(&mut conn).await?;
    let outcome = run(&mut conn, target).await;
    let released = sqlx::query(UNLOCK).execute(&mut conn).await;
    let report = outcome?;
    released?;
    conn.close().await?;
    Ok(report)
}

/// The migrations of this binary that the database does not have yet, in order, as `<version> <description>`.
///
/// # Errors
/// When the database cannot be read. A database without the bookkeeping table has everything pending.
pub async fn pending(db: &Db) -> Result<Vec<String>, sqlx::Error> {
    let mut conn = db.conn().await?;
    pending_on(&mut conn).await
}

async fn take_lock(conn: &mut MySqlConnection) -> Result<(), MigrateError> {
    let taken: Option<i64> = sqlx::query_scalar(LOCK).fetch_one(conn).await?;
    if taken == Some(1) { Ok(()) } else { Err(MigrateError::Locked) }
}

async fn run(conn: &mut MySqlConnection, target: Option<i64>) -> Result<Report, MigrateError> {
    forget_unfinished(conn).await?;
    let applied = pending_on(conn).await?;
    MIGRATOR.run_direct(target, conn, false).await?;
    Ok(Report { applied })
}

/// Lets migrations run again whose process died before it could note their success.
async fn forget_unfinished(conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    match sqlx::query("DELETE FROM _sqlx_migrations WHERE success = FALSE").execute(conn).await {
        Ok(done) if done.rows_affected() > 0 => {
            tracing::warn!(count = done.rows_affected(), "running unfinished migrations again");
            Ok(())
        }
        Err(error) if number(&error) != Some(NO_SUCH_TABLE) => Err(error),
        _ => Ok(()),
    }
}

async fn pending_on(conn: &mut MySqlConnection) -> Result<Vec<String>, sqlx::Error> {
    let done = finished(conn).await?;
    let missing =
        MIGRATOR.iter().filter(|m| !m.migration_type.is_down_migration() && !done.contains(&m.version));
    Ok(missing.map(label).collect())
}

async fn finished(conn: &mut MySqlConnection) -> Result<HashSet<i64>, sqlx::Error> {
    let query = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success = TRUE");
    match query.fetch_all(conn).await {
        Ok(versions) => Ok(versions.into_iter().collect()),
        Err(error) if number(&error) == Some(NO_SUCH_TABLE) => Ok(HashSet::new()),
        Err(error) => Err(error),
    }
}

fn label(migration: &Migration) -> String {
    format!("{} {}", migration.version, migration.description)
}
