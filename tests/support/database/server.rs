//! The database server of the tests, and the thread that drops databases.

use std::sync::mpsc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use staka::db::private_server::{Durability, PrivateServer};
use uuid::Uuid;

use super::{super::scratch, PREFIX};

const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(3600);

pub struct Server {
    /// The URL without a database's name: what comes before it and what comes after.
    parts: (String, String),
    sweeper: mpsc::Sender<String>,
    /// Ends with the process: statics are never dropped, but its leash is cut.
    _private: Option<PrivateServer>,
}

impl Server {
    pub async fn start() -> Self {
        let given = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
        let private = if given.is_some() { None } else { Some(private_server().await) };
        let url = given.or_else(|| private.as_ref().map(|server| server.url("mysql"))).unwrap();
        let parts = split(&url);
        let sweeper = start_sweeper(format!("{}{}", parts.0, parts.1), private.is_none());
        Self { parts, sweeper, _private: private }
    }

    pub fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.parts.0, self.parts.1)
    }

    pub async fn connect(&self) -> sqlx::Result<MySqlConnection> {
        MySqlConnection::connect(&self.url("")).await
    }

    /// Drops a database, in the background.
    pub fn sweep(&self, name: String) {
        // The sweeper ends only with the process.
        let _ = self.sweeper.send(name);
    }
}

async fn private_server() -> PrivateServer {
    let directory = scratch::path("database");
    match PrivateServer::start(&directory, Durability::Scratch).await {
        Ok(server) => server,
        Err(error) => panic!("{error}"),
    }
}

/// `mysql://host/name?options` as `mysql://host/` and `?options`.
fn split(url: &str) -> (String, String) {
    let path = url.find("://").map_or(0, |i| i + 3);
    let slash = url[path..].find('/').map_or(url.len(), |i| path + i);
    let query = url.find('?').unwrap_or(url.len());
    (format!("{}/", &url[..slash.min(query)]), url[query..].to_owned())
}

/// A thread of its own drops databases, so that no test waits for it and none forgets it.
fn start_sweeper(url: String, shared: bool) -> mpsc::Sender<String> {
    let (sender, names) = mpsc::channel::<String>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || {
        let left_behind =
            if shared { runtime.block_on(left_behind(&url)).unwrap_or_default() } else { Vec::new() };
        for name in left_behind.into_iter().chain(names) {
            // A pool still open may hold the tables: then the next run sweeps.
            let _ = runtime.block_on(drop_database(&url, &name));
        }
    });
    sender
}

async fn drop_database(url: &str, name: &str) -> sqlx::Result<()> {
    let mut conn = MySqlConnection::connect(url).await?;
    conn.execute("SET SESSION lock_wait_timeout = 5").await?;
    conn.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await?;
    conn.close().await
}

async fn left_behind(url: &str) -> sqlx::Result<Vec<String>> {
    let mut conn = MySqlConnection::connect(url).await?;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata")
            .fetch_all(&mut conn)
            .await?;
    Ok(names.into_iter().filter(|name| is_old(name)).collect())
}

fn is_old(name: &str) -> bool {
    let id = name.strip_prefix(PREFIX).and_then(|id| Uuid::try_parse(id).ok());
    let Some((seconds, _)) = id.and_then(|id| id.get_timestamp()).map(|time| time.to_unix()) else {
        return false;
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_secs(seconds)) > LEFT_BEHIND_AFTER
}
