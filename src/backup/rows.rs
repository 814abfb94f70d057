//! Rows of any table as text, out of one database and into another.

use futures_util::{Stream, StreamExt};
use sqlx::{AssertSqlSafe, MySqlConnection, QueryBuilder, Row};
use std::collections::BTreeMap;

/// Values of one statement at most; servers take 65 535.
const VALUES: usize = 20_000;

/// Bytes of one statement at most: a quarter of the smallest `max_allowed_packet` there is.
const BYTES: usize = 4 << 20;

/// Sums that must come out the same: what was paid and given back, and what was invoiced.
const SUMS: [(&str, &str); 2] = [
    ("payments", "SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) FROM payments"),
    ("invoices", "SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) FROM invoices"),
];

/// A value of a row: none for NULL, hexadecimal digits for what is no text.
pub type Value = Option<String>;

/// A column as it travels.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether its values are bytes.
    pub binary: bool,
}

/// The tables of the database that are ours, in the order of their names; those of development, and the bookkeeping of
/// migrations, are not.
pub async fn tables(conn: &mut MySqlConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT CONVERT(table_name USING utf8mb4) FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'dev\\_%'
           AND table_name <> '_sqlx_migrations' ORDER BY 1",
    )
    .fetch_all(conn)
    .await
}

/// The columns of a table that can be written, in their order.
pub async fn columns(conn: &mut MySqlConnection, table: &str) -> Result<Vec<Column>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT CONVERT(column_name USING utf8mb4), CONVERT(data_type USING utf8mb4) FROM information_schema.columns
         WHERE table_schema = DATABASE() AND table_name = ? AND extra NOT IN ('STORED GENERATED', 'VIRTUAL GENERATED')
         ORDER BY ordinal_position",
    )
    .bind(table)
    .fetch_all(conn)
    .await?;
    let column = |row: &sqlx::mysql::MySqlRow| {
        let kind: String = row.try_get(1)?;
        let binary = kind.ends_with("binary") || kind.ends_with("blob") || kind == "bit";
        Ok(Column { name: row.try_get(0)?, binary })
    };
    rows.iter().map(column).collect()
}

/// Every row of a table.
pub fn read<'c>(
    conn: &'c mut MySqlConnection,
    table: &str,
    columns: &[Column],
) -> impl Stream<Item = Result<Vec<Value>, sqlx::Error>> + Send + 'c {
    let listed = columns.iter().map(|column| match column.binary {
        true => format!("HEX(`{}`)", column.name),
        false => format!("CAST(`{}` AS CHAR)", column.name),
    });
    let (listed, count) = (listed.collect::<Vec<_>>().join(", "), columns.len());
    let query = sqlx::query(AssertSqlSafe(format!("SELECT {listed} FROM `{table}`"))).persistent(false);
    query.fetch(conn).map(move |row| {
        let row = row?;
        (0..count).map(|index| row.try_get_unchecked(index)).collect()
    })
}

/// Writes rows into a table.
pub async fn write(
    conn: &mut MySqlConnection,
    table: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
) -> Result<(), sqlx::Error> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (batch, others) = rest.split_at(batch(rest, columns.len()));
        insert(conn, table, columns, batch).await?;
        rest = others;
    }
    Ok(())
}

/// How many of the rows go into one statement: one at least.
fn batch(rows: &[Vec<Value>], columns: usize) -> usize {
    let (mut count, mut bytes) = (0, 0);
    for row in rows.iter().take(VALUES / columns.max(1)) {
        bytes += row.iter().flatten().map(String::len).sum::<usize>();
        if count > 0 && bytes > BYTES {
            break;
        }
        count += 1;
    }
    count.max(1)
}

async fn insert(
    conn: &mut MySqlConnection,
    table: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
) -> Result<(), sqlx::Error> {
    let names = columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ");
    let mut insert = QueryBuilder::<sqlx::MySql>::new(format!("INSERT INTO `{table}` ({names}) "));
    insert.push_values(rows, |mut values, row| {
        for (column, value) in columns.iter().zip(row) {
            match column.binary {
                true => values.push("UNHEX(").push_bind_unseparated(value.as_deref()).push_unseparated(")"),
                false => values.push_bind(value.as_deref()),
            };
        }
    });
    insert.build().persistent(false).execute(conn).await.map(drop)
}

/// How many rows a table has.
pub async fn count(conn: &mut MySqlConnection, table: &str) -> Result<u64, sqlx::Error> {
    let count: i64 =
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM `{table}`"))).fetch_one(conn).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The sums of money, in cents.
pub async fn sums(conn: &mut MySqlConnection) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let mut sums = BTreeMap::new();
    for (of, sql) in SUMS {
        sums.insert(of.to_owned(), sqlx::query_scalar(sql).fetch_one(&mut *conn).await?);
    }
    Ok(sums)
}
