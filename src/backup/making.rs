//! Making an archive while the server serves.

use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::{ConnectOptions, Connection, Executor, MySqlConnection};

use super::{COLUMNS, END, FORMAT, HEAD, Head, TABLES, Totals, archive::Writer, rows};
use crate::{
    clock::Clock,
    db::Db,
    files::storage::{Storage, StorageError},
};

/// Bytes of rows that make a part.
const PART: usize = 4 << 20;

/// Told how far it has come: rows and bytes of documents so far.
pub trait Progress: Send {
    /// What is going on, and how much of it is done.
    fn at(&mut self, what: &str, done: u64);
}

/// Writes everything into an archive at `path`, which must not exist yet.
///
/// The rows are those of one instant, whatever is written meanwhile. The documents are copied after them: one that was
/// removed in between, with its row, is left out; what came later has no row in the archive.
///
/// # Errors
/// When the database, the storage or the disk refuses; the archive then has no name.
pub async fn make(
    db: &Db,
    storage: &Storage,
    clock: &Clock,
    path: &Path,
    progress: &mut dyn Progress,
) -> anyhow::Result<Totals> {
    let mut archive = Writer::create(path)?;
    let mut conn = db.pool().connect_options().connect().await?;
    conn.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    conn.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT").await?;
    let head = Head {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: clock.now(),
        migrations: migrations(&mut conn).await?,
    };
    archive.bytes(HEAD, serde_json::to_vec_pretty(&head)?).await?;
    let mut totals = Totals { sums: rows::sums(&mut conn).await?, ..Totals::default() };
    for table in rows::tables(&mut conn).await? {
        progress.at(&table, totals.rows());
        let count = dump(&mut conn, &table, &mut archive).await?;
        totals.tables.insert(table, count);
    }
    conn.close().await?;
    documents(storage, &mut archive, &mut totals, progress).await?;
    archive.bytes(END, serde_json::to_vec_pretty(&totals)?).await?;
    archive.finish().await?;
    Ok(totals)
}

async fn migrations(conn: &mut MySqlConnection) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(conn).await
}

/// Writes the rows of a table; answers how many.
async fn dump(conn: &mut MySqlConnection, table: &str, archive: &mut Writer) -> anyhow::Result<u64> {
    let columns = rows::columns(conn, table).await?;
    archive.bytes(format!("{TABLES}{table}/{COLUMNS}"), serde_json::to_vec(&columns)?).await?;
    let mut found = Box::pin(rows::read(conn, table, &columns));
    let (mut count, mut number, mut part) = (0, 0, Vec::new());
    while let Some(row) = found.try_next().await? {
        serde_json::to_writer(&mut part, &row)?;
        part.push(b'\n');
        count += 1;
        if part.len() >= PART {
            number += 1;
            archive.bytes(part_name(table, number), std::mem::take(&mut part)).await?;
        }
    }
    if !part.is_empty() {
        archive.bytes(part_name(table, number + 1), part).await?;
    }
    Ok(count)
}

fn part_name(table: &str, number: u32) -> String {
    format!("{TABLES}{table}/{number:06}.jsonl")
}

async fn documents(
    storage: &Storage,
    archive: &mut Writer,
    totals: &mut Totals,
    progress: &mut dyn Progress,
) -> anyhow::Result<()> {
    let mut keys = storage.keys();
    while let Some(key) = keys.try_next().await? {
        let object = match storage.open(&key).await {
            Ok(object) => object,
            Err(StorageError::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        let size = object.len();
        archive.document(&key, size, object.into_stream(0, size).await?).await?;
        totals.files += 1;
        totals.bytes += size;
        progress.at("documents", totals.files);
    }
    Ok(())
}
