//! A fresh, empty database per test, on one server per test process.
//!
//! The server is a private one in a scratch directory, gone with the process however it ends. With
//! `TEST_DATABASE_URL` set it is that server instead, any MySQL or MariaDB whose user may create databases: each test
//! drops its database there, and what killed runs left behind is dropped an hour later.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use staka::auth::Passwords;
use staka::clock::Clock;
use staka::db::private_server::{Durability, PrivateServer};
use staka::db::{Db, MIGRATOR, PoolSettings, migrate};
use staka::seeds;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::settings::{config, start_of_time};

const PREFIX: &str = "staka_test_";
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(3600);

/// A memory disk smaller than this is left alone: containers often have 64 MiB.
const MEMORY_DISK: u64 = 2 << 30;

/// A database that belongs to one test; dropped, in the background, with this value.
pub struct TestDatabase {
    url: String,
    name: String,
    server: &'static Server,
}

impl TestDatabase {
    /// An empty database.
    pub async fn empty() -> Self {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        let server = SERVER.get_or_init(Server::start).await;
        // The time in the name tells how old a database is.
        let name = format!("{PREFIX}{}", Uuid::now_v7().simple());
        let mut conn = server.connect().await.unwrap();
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
        conn.execute(AssertSqlSafe(create)).await.unwrap();
        conn.close().await.unwrap();
        Self { url: server.url(&name), name, server }
    }

    /// A database with every migration applied, and a pool on it.
    pub async fn migrated() -> (Self, Db) {
        let database = Self::with_tables().await;
        let db = database.db(5).await;
        (database, db)
    }

    /// A database with every migration applied, and no row.
    ///
    /// One first database is migrated as in production; the others get the same statements in one go and a copy of
    /// the bookkeeping, which takes a fraction of the time.
    pub async fn with_tables() -> Self {
        Self::like(&Model::get().await.tables).await
    }

    /// A database with every migration applied and the seeds, copied from the first one: passwords are hashed once.
    pub async fn seeded() -> Self {
        let model = Model::get().await;
        Self::like(&format!("{};\n{}", model.tables, model.rows)).await
    }

    async fn like(statements: &str) -> Self {
        let database = Self::empty().await;
        let mut conn = MySqlConnection::connect(&database.url).await.unwrap();
        conn.execute(AssertSqlSafe(statements)).await.unwrap();
        conn.close().await.unwrap();
        database
    }

    /// The URL of this database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Another pool on this database.
    pub async fn db(&self, max_connections: u32) -> Db {
        let settings = PoolSettings { max_connections, ..PoolSettings::default() };
        Db::connect(&self.url, settings).await.unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The sweeper ends only with the process.
        let _ = self.server.sweeper.send(self.name.clone());
    }
}

/// The statements that make a database like the first one.
struct Model {
    tables: String,
    /// Fills them with the seeds.
    rows: String,
}

impl Model {
    async fn get() -> &'static Self {
        static MODEL: OnceCell<Model> = OnceCell::const_new();
        MODEL.get_or_init(Self::make).await
    }

    /// Migrates and seeds a database, which is kept as long as the server.
    async fn make() -> Self {
        let database = TestDatabase::empty().await;
        let db = database.db(1).await;
        migrate(&db).await.unwrap();
        seed(&db, &database.url).await;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
        )
        .fetch_all(&mut *db.conn().await.unwrap())
        .await
        .unwrap();
        db.close().await;
        let name = database.name.clone();
        std::mem::forget(database);
        let files = MIGRATOR.iter().map(|file| file.sql.as_str().trim_end().trim_end_matches(';').to_owned());
        let copies = tables.iter().map(|table| format!("INSERT INTO {table} SELECT * FROM {name}.{table}"));
        let (bookkeeping, rows): (Vec<_>, Vec<_>) =
            copies.partition(|copy| copy.contains("_sqlx_migrations"));
        let like = format!("CREATE TABLE _sqlx_migrations LIKE {name}._sqlx_migrations");
        let unchecked = "SET foreign_key_checks = 0".to_owned();
        Self {
            tables: files.chain([like]).chain(bookkeeping).collect::<Vec<_>>().join("\n;\n"),
            rows: std::iter::once(unchecked).chain(rows).collect::<Vec<_>>().join("\n;\n"),
        }
    }
}

/// The seeds of tests, which have their passwords.
async fn seed(db: &Db, url: &str) {
    let (clock, _) = Clock::manual(start_of_time());
    let config = config(url, &std::env::temp_dir(), &[]);
    seeds::apply(db, &config, &clock, &Passwords::default()).await.unwrap();
}

struct Server {
    /// The URL without a database's name: what comes before it and what comes after.
    parts: (String, String),
    sweeper: mpsc::Sender<String>,
    /// Ends with the process: statics are never dropped, but its leash is cut.
    _private: Option<PrivateServer>,
}

impl Server {
    async fn start() -> Self {
        let given = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
        let private = if given.is_some() { None } else { Some(private_server().await) };
        let url = given.or_else(|| private.as_ref().map(|server| server.url("mysql"))).unwrap();
        let parts = split(&url);
        let sweeper = start_sweeper(format!("{}{}", parts.0, parts.1), private.is_none());
        Self { parts, sweeper, _private: private }
    }

    fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.parts.0, self.parts.1)
    }

    async fn connect(&self) -> sqlx::Result<MySqlConnection> {
        MySqlConnection::connect(&self.url("")).await
    }
}

async fn private_server() -> PrivateServer {
    let directory = scratch_base().join(format!("staka-test-{}", Uuid::now_v7().simple()));
    match PrivateServer::start(&directory, Durability::Scratch).await {
        Ok(server) => server,
        Err(error) => panic!("{error}"),
    }
}

fn scratch_base() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free =
        nix::sys::statvfs::statvfs(memory).map_or(0, |disk| disk.blocks_available() * disk.fragment_size());
    if free >= MEMORY_DISK { memory.to_owned() } else { std::env::temp_dir() }
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
