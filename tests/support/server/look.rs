//! Looking into the database of a server under test. Looking at mails, or at a queue, is what [`verdict`] asks for.
//!
//! [`verdict`]: super::verdict

use sqlx::{AssertSqlSafe, Row};

use super::TestServer;

impl TestServer {
    /// How many rows a table has, `table WHERE condition` included.
    pub async fn count(&self, rows: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {rows}");
        self.looked(&sql).await;
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.state.db.pool()).await.unwrap()
    }

    /// One value, as text.
    pub async fn value(&self, sql: &str) -> Option<String> {
        self.looked(sql).await;
        let sql = format!("SELECT CAST(({sql}) AS CHAR)");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.state.db.pool()).await.unwrap()
    }

    /// The first column of every row, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.looked(sql).await;
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(self.state.db.pool()).await.unwrap();
        rows.iter().map(|row| row.get_unchecked::<String, _>(0)).collect()
    }

    /// The first row, column by column, as text.
    pub async fn row(&self, sql: &str) -> Vec<Option<String>> {
        self.looked(sql).await;
        let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(self.state.db.pool()).await.unwrap();
        (0..row.len()).map(|column| row.get_unchecked(column)).collect()
    }

    /// Changes something behind the server's back.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self.state.db.pool()).await.unwrap();
    }
}
