//! Putting back what an archive holds.

use std::{collections::BTreeMap, io, path::Path};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use futures_util::stream;
use sqlx::{ConnectOptions, Connection, Executor, MySqlConnection};
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;

use super::{
    COLUMNS, END, FORMAT, HEAD, Head, Progress, TABLES, Totals,
    archive::{Part, Reader},
    rows::{self, Column, Value},
};
use crate::{
    db::{self, Db, MIGRATOR},
    files::storage::Storage,
};

/// While rows are written their order does not matter; all are there at the end, or none.
const LOADING: &str = "SET SESSION foreign_key_checks = 0, unique_checks = 0,
    sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')";

/// Reads an archive to its end: that it is whole, and what is in it. Nothing is written.
///
/// # Errors
/// When it is damaged, was cut off, or is of another form.
pub async fn check(path: &Path, progress: &mut dyn Progress) -> anyhow::Result<(Head, Totals)> {
    let mut archive = Reader::open(path)?;
    let head = head(&mut archive).await?;
    let mut found = Totals::default();
    let end = loop {
        match archive.next().await?.context("the archive was cut off")? {
            Part::Bytes(name, bytes) if name == END => break serde_json::from_slice::<Totals>(&bytes)?,
            Part::Bytes(name, bytes) => {
                let (table, part) = table_of(&name)?;
                let rows = if part == COLUMNS { 0 } else { lines(&bytes).count() as u64 };
                *found.tables.entry(table.to_owned()).or_default() += rows;
                progress.at(table, found.rows());
            }
            Part::Document(key, content) => {
                found.bytes += length(content).await.with_context(|| key.clone())?;
                found.files += 1;
                progress.at("documents", found.files);
            }
        }
    };
    ensure!(archive.next().await?.is_none(), "something follows the end of the archive");
    found.sums.clone_from(&end.sums);
    same(&found, &end)?;
    Ok((head, end))
}

/// Puts everything back into an empty database and a storage, then brings the database up to this program's migrations.
///
/// # Errors
/// When the archive is damaged, was cut off, or is of a newer program; when the database holds rows already, or anything
/// refuses. Then the database has no row, and documents already written have none: the same can be tried again.
pub async fn restore(
    db: &Db,
    storage: &Storage,
    path: &Path,
    progress: &mut dyn Progress,
) -> anyhow::Result<(Head, Totals)> {
    let mut archive = Reader::open(path)?;
    let head = head(&mut archive).await?;
    empty(db).await?;
    migrate_as(db, &head).await?;
    let mut conn = db.pool().connect_options().connect().await?;
    conn.execute(LOADING).await?;
    let mut load = conn.begin().await?;
    let (found, end) =
        Loading { conn: &mut load, storage, columns: BTreeMap::new(), found: Totals::default() }
            .all(&mut archive, progress)
            .await?;
    same(&found, &end)?;
    load.commit().await?;
    conn.close().await?;
    db::migrate(db).await?;
    Ok((head, end))
}

/// The first part.
async fn head(archive: &mut Reader) -> anyhow::Result<Head> {
    let Some(Part::Bytes(name, bytes)) = archive.next().await? else { bail!("this is no backup of ours") };
    ensure!(name == HEAD, "this is no backup of ours");
    let head: Head = serde_json::from_slice(&bytes).context(HEAD)?;
    ensure!(head.format == FORMAT, "the archive is of another form ({})", head.format);
    let known = |version: &i64| MIGRATOR.iter().any(|migration| migration.version == *version);
    ensure!(
        head.migrations.iter().all(known),
        "the archive was made by another version of the program ({}): restore it with that one, or a later one",
        head.program
    );
    Ok(head)
}

/// Refuses a database that holds anything.
async fn empty(db: &Db) -> anyhow::Result<()> {
    let mut conn = db.conn().await?;
    for table in rows::tables(&mut conn).await? {
        ensure!(rows::count(&mut conn, &table).await? == 0, "the database is not empty: {table} has rows");
    }
    Ok(())
}

/// The tables as the database of the archive had them.
async fn migrate_as(db: &Db, head: &Head) -> anyhow::Result<()> {
    let newest = head.migrations.last().copied().context("the archive is of an empty database")?;
    Ok(db::migrate_to(db, Some(newest)).await.map(drop)?)
}

struct Loading<'a> {
    conn: &'a mut MySqlConnection,
    storage: &'a Storage,
    columns: BTreeMap<String, Vec<Column>>,
    found: Totals,
}

impl Loading<'_> {
    /// Loads every part. Gives what was found in the database then, and what the archive says.
    async fn all(
        mut self,
        archive: &mut Reader,
        progress: &mut dyn Progress,
    ) -> anyhow::Result<(Totals, Totals)> {
        loop {
            match archive.next().await?.context("the archive was cut off")? {
                Part::Bytes(name, bytes) if name == END => {
                    ensure!(archive.next().await?.is_none(), "something follows the end of the archive");
                    let end = serde_json::from_slice(&bytes)?;
                    return Ok((self.counted().await?, end));
                }
                Part::Bytes(name, bytes) => {
                    let (table, part) = table_of(&name)?;
                    match part {
                        COLUMNS => self.table(table, &bytes).await?,
                        _ => self.rows(table, &bytes).await.with_context(|| name.clone())?,
                    }
                    progress.at(table, self.found.rows());
                }
                Part::Document(key, content) => {
                    let kept = self.storage.put_as(key, StreamReader::new(chunks(content))).await?;
                    self.found.files += 1;
                    self.found.bytes += kept.size;
                    progress.at("documents", self.found.files);
                }
            }
        }
    }

    /// A table is about to come: its rows fit into ours.
    async fn table(&mut self, table: &str, columns: &[u8]) -> anyhow::Result<()> {
        let theirs: Vec<Column> = serde_json::from_slice(columns)?;
        let ours = rows::columns(self.conn, table).await?;
        let fits = !ours.is_empty() && theirs.iter().all(|column| ours.contains(column));
        ensure!(fits, "the table {table} of the archive does not fit into that of this database");
        self.found.tables.insert(table.to_owned(), 0);
        self.columns.insert(table.to_owned(), theirs);
        Ok(())
    }

    async fn rows(&mut self, table: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let columns = self.columns.get(table).context("rows without columns")?;
        let rows: Vec<Vec<Value>> = lines(bytes).map(serde_json::from_slice).collect::<Result<_, _>>()?;
        ensure!(rows.iter().all(|row| row.len() == columns.len()), "a row has too many or too few values");
        rows::write(self.conn, table, columns, &rows).await?;
        *self.found.tables.entry(table.to_owned()).or_default() += rows.len() as u64;
        Ok(())
    }

    /// What the database holds, by its own account.
    async fn counted(mut self) -> Result<Totals, sqlx::Error> {
        for (table, count) in &mut self.found.tables {
            *count = rows::count(self.conn, table).await?;
        }
        self.found.sums = rows::sums(self.conn).await?;
        Ok(self.found)
    }
}

/// `tables/<table>/<part>`, whose table is a name that needs no quoting.
fn table_of(name: &str) -> anyhow::Result<(&str, &str)> {
    let parts = name.strip_prefix(TABLES).and_then(|rest| rest.split_once('/'));
    match parts {
        Some((table, part)) if table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            Ok((table, part))
        }
        _ => bail!("{name} belongs to no backup of ours"),
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

fn chunks(
    content: mpsc::Receiver<io::Result<Bytes>>,
) -> impl stream::Stream<Item = io::Result<Bytes>> + Unpin {
    Box::pin(stream::unfold(content, |mut content| async move { Some((content.recv().await?, content)) }))
}

async fn length(mut content: mpsc::Receiver<io::Result<Bytes>>) -> io::Result<u64> {
    let mut length = 0;
    while let Some(chunk) = content.recv().await {
        length += chunk?.len() as u64;
    }
    Ok(length)
}

/// That what was found is what the archive says.
fn same(found: &Totals, end: &Totals) -> anyhow::Result<()> {
    for (table, count) in &end.tables {
        let here = found.tables.get(table).copied().unwrap_or_default();
        ensure!(here == *count, "{table}: {here} rows, {count} in the archive");
    }
    for (of, sum) in &end.sums {
        let here = found.sums.get(of).copied().unwrap_or_default();
        ensure!(here == *sum, "{of}: {here} cents, {sum} in the archive");
    }
    ensure!(
        (found.files, found.bytes) == (end.files, end.bytes),
        "{} documents of {} bytes, {} of {} in the archive",
        found.files,
        found.bytes,
        end.files,
        end.bytes
    );
    Ok(())
}
