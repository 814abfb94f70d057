//! What a database server does with what it has acknowledged.

use sqlx::{MySqlConnection, Row};

/// Settings of the server that decide whether an acknowledged commit survives a crash; what a server does not know of
/// is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durability {
    /// Such as `8.4.3` or `10.11.6-MariaDB`.
    pub version: String,
    /// `innodb_flush_log_at_trx_commit`: 1 writes every commit to the disk.
    pub flush_log: Option<String>,
    /// `log_bin`: whether there is a binary log.
    pub binary_log: bool,
    /// `sync_binlog`: 1 writes the binary log to the disk with every commit.
    pub sync_binary_log: Option<String>,
    /// `wsrep_on`: whether the server is a node of a Galera cluster.
    pub galera: bool,
    /// `max_connections`
    pub max_connections: Option<u32>,
    /// How many seconds its clock is ahead of ours.
    pub ahead: i64,
}

impl Durability {
    /// Asks the server. `now` is our clock, in Unix seconds.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn of(conn: &mut MySqlConnection, now: i64) -> Result<Self, sqlx::Error> {
        let variables = sqlx::raw_sql(
            "SHOW GLOBAL VARIABLES WHERE Variable_name IN
             ('innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'wsrep_on', 'max_connections')",
        )
        .fetch_all(&mut *conn)
        .await?;
        let told: Vec<(String, String)> = variables
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, sqlx::Error>>()?;
        let value = |name: &str| told.iter().find(|(told, _)| told == name).map(|(_, value)| value.clone());
        let (version, clock): (String, i64) =
            sqlx::query_as("SELECT VERSION(), CAST(@@timestamp AS SIGNED)").fetch_one(conn).await?;
        Ok(Self {
            version,
            flush_log: value("innodb_flush_log_at_trx_commit"),
            binary_log: value("log_bin").as_deref() == Some("ON"),
            sync_binary_log: value("sync_binlog"),
            galera: value("wsrep_on").as_deref() == Some("ON"),
            max_connections: value("max_connections").and_then(|value| value.parse().ok()),
            ahead: clock - now,
        })
    }
}
