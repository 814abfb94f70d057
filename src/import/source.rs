//! The former database, read page by page in one snapshot.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use sqlx::{ConnectOptions, Executor, MySql, MySqlConnection, QueryBuilder, Row, mysql::MySqlConnectOptions};

use super::row::OldRow;

/// Rows read at a time.
const PAGE: u64 = 1000;

/// Every table of the former schema.
const TABLES: [&str; 15] = [
    "users",
    "commandes",
    "files",
    "messages",
    "message_attachments",
    "support_requests",
    "payment_methods",
    "invoices",
    "notifications",
    "pages",
    "faqs",
    "tarifs",
    "audit_logs",
    "password_resets",
    "pending_commandes",
];

/// Columns that some of its databases never got.
const LATE: [(&str, &str); 3] = [
    ("pending_commandes", "nombrePages"),
    ("pending_commandes", "description"),
    ("messages", "visitorPhone"),
];

/// A connection to the former database.
pub(super) struct Source {
    conn: MySqlConnection,
    columns: HashMap<String, HashSet<String>>,
}

impl Source {
    /// Opens it and takes the snapshot. The URL is in no message: it holds a password.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let options: MySqlConnectOptions = url.parse().ok().context("--from is no mysql:// URL")?;
        let options = options.disable_statement_logging();
        let mut conn = options.connect().await.context("the database of --from cannot be reached")?;
        conn.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        conn.execute("SET SESSION time_zone = '+00:00'").await?;
        conn.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
        let rows = conn
            .fetch_all(
                "SELECT CAST(table_name AS CHAR CHARACTER SET utf8mb4), CAST(column_name AS CHAR CHARACTER SET utf8mb4)
                 FROM information_schema.columns WHERE table_schema = DATABASE()",
            )
            .await?;
        let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
        for row in rows {
            let (table, column) =
                (row.try_get_unchecked::<String, _>(0)?, row.try_get_unchecked::<String, _>(1)?);
            columns.entry(table).or_default().insert(column);
        }
        let source = Self { conn, columns };
        anyhow::ensure!(
            source.has("users", "passwordHash") || source.has("users", "password"),
            "the database of --from is none of the former platform: it has no `users` with a `password`"
        );
        anyhow::ensure!(
            source.has("commandes", "userId"),
            "the database of --from has no `commandes` of the former platform"
        );
        Ok(source)
    }

    fn has(&self, table: &str, column: &str) -> bool {
        self.columns.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Tables and columns that it lacks.
    pub(super) fn absent(&self) -> Vec<String> {
        let tables = TABLES
            .iter()
            .filter(|table| !self.columns.contains_key(**table))
            .map(|table| (*table).to_owned());
        let columns = LATE
            .iter()
            .filter(|(table, column)| self.columns.contains_key(*table) && !self.has(table, column));
        tables.chain(columns.map(|(table, column)| format!("{table}.{column}"))).collect()
    }

    /// What one figure is: `COUNT(*)` or a sum, as a whole number.
    pub(super) async fn figure(&mut self, table: &str, column: &str, figure: &str) -> anyhow::Result<i64> {
        if !self.columns.contains_key(table) || (!column.is_empty() && !self.has(table, column)) {
            return Ok(0);
        }
        let sql = format!("SELECT CAST(COALESCE({figure}, 0) AS SIGNED) FROM `{table}`");
        let row = QueryBuilder::<MySql>::new(sql).build().fetch_one(&mut self.conn).await?;
        Ok(row.try_get_unchecked(0)?)
    }

    /// The rows after an id, in the order of ids. `columns` begins with the id.
    pub(super) async fn page(
        &mut self,
        table: &str,
        columns: &'static [&'static str],
        after: &str,
    ) -> anyhow::Result<Vec<OldRow>> {
        if !self.columns.contains_key(table) {
            return Ok(Vec::new());
        }
        let list: Vec<String> = columns
            .iter()
            .map(|column| match self.has(table, column) {
                true => format!("CAST(`{column}` AS CHAR CHARACTER SET utf8mb4)"),
                false => "NULL".to_owned(),
            })
            .collect();
        let sql = format!("SELECT {} FROM `{table}` WHERE id > ", list.join(", "));
        let mut query = QueryBuilder::<MySql>::new(sql);
        query.push_bind(after.to_owned()).push(" ORDER BY id LIMIT ").push(PAGE);
        let rows =
            query.build().fetch_all(&mut self.conn).await.with_context(|| format!("reading {table}"))?;
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            let values = (0..columns.len()).map(|at| row.try_get_unchecked(at)).collect::<Result<_, _>>()?;
            page.push(OldRow { columns, values });
        }
        Ok(page)
    }
}
