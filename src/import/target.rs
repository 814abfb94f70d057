//! Rows written many at a time, and the loop that reads, turns and writes a table.

use anyhow::Context;
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use super::{Known, Moving, row::OldRow};

/// Values of one statement at most: a server takes 65 535.
const VALUES: usize = 12_000;

/// Bytes of one statement at most: a server may take 16 MiB.
const BYTES: usize = 4 << 20;

/// A value to write.
pub(super) enum Cell {
    Null,
    Text(String),
    Int(i64),
    Id(Uuid),
}

impl Cell {
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            _ => 16,
        }
    }
}

impl From<Option<&str>> for Cell {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Self::Null, |text| Self::Text(text.to_owned()))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Option<String>> for Cell {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Null, Self::Text)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Option<i64>> for Cell {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<Uuid> for Cell {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}

impl From<Option<Uuid>> for Cell {
    fn from(value: Option<Uuid>) -> Self {
        value.map_or(Self::Null, Self::Id)
    }
}

/// Writes rows of a table.
pub(super) async fn insert(
    conn: &mut MySqlConnection,
    table: &str,
    columns: &str,
    rows: Vec<Vec<Cell>>,
) -> anyhow::Result<()> {
    let width = columns.split(',').count();
    let most = (VALUES / width.max(1)).clamp(1, 500);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for row in rows {
        anyhow::ensure!(row.len() == width, "{table}: {} values for {width} columns", row.len());
        bytes += row.iter().map(Cell::size).sum::<usize>();
        batch.push(row);
        if batch.len() == most || bytes > BYTES {
            flush(conn, table, columns, std::mem::take(&mut batch)).await?;
            bytes = 0;
        }
    }
    flush(conn, table, columns, batch).await
}

async fn flush(
    conn: &mut MySqlConnection,
    table: &str,
    columns: &str,
    rows: Vec<Vec<Cell>>,
) -> anyhow::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<MySql>::new(format!("INSERT INTO {table} ({columns}) "));
    query.push_values(rows, |mut values, row| {
        for cell in row {
            match cell {
                Cell::Null => values.push("NULL"),
                Cell::Text(text) => values.push_bind(text),
                Cell::Int(number) => values.push(number),
                Cell::Id(id) => values.push_bind(id),
            };
        }
    });
    query.build().persistent(false).execute(conn).await.map(drop).with_context(|| format!("writing {table}"))
}

impl Moving<'_> {
    /// Reads a table, turns each row and writes what came of it.
    pub(super) async fn table(
        &mut self,
        (old, read): (&'static str, &'static [&'static str]),
        (new, columns): (&str, &str),
        mut turn: impl FnMut(&OldRow, &mut Known) -> Option<Vec<Cell>>,
    ) -> anyhow::Result<()> {
        let all = u64::try_from(self.source.figure(old, "", "COUNT(*)").await?).unwrap_or_default();
        let (mut done, mut after) = (0, String::new());
        loop {
            let page = self.source.page(old, read, &after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.old_id().to_owned();
            done += page.len() as u64;
            let rows = page.iter().filter_map(|row| turn(row, &mut self.known)).collect();
            insert(&mut self.tx, new, columns, rows).await?;
            (self.progress)(old, done, all);
        }
    }

    /// Writes the rows that were laid beside.
    pub(super) async fn beside(&mut self, table: &str, columns: &str) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.known.beside);
        insert(&mut self.tx, table, columns, rows).await
    }
}
