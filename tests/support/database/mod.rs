//! A database per test, on one server per test process.
//!
//! The server is a private one in a scratch directory, gone with the process however it ends. With
//! `TEST_DATABASE_URL` set it is that server instead, any MySQL or MariaDB whose user may create databases: what a run
//! leaves behind there is dropped by a run an hour later.

mod model;
mod server;
mod used;

use std::thread::{self, ThreadId};

use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use staka::db::{Db, PoolSettings};
use tokio::sync::OnceCell;
use uuid::Uuid;

use model::Model;
use server::Server;

const PREFIX: &str = "staka_test_";

/// A database that belongs to one test.
pub struct TestDatabase {
    url: String,
    name: String,
    server: &'static Server,
    /// The thread of the test.
    thread: ThreadId,
    /// Has the tables of the model, and may serve another test when emptied.
    reusable: bool,
}

impl TestDatabase {
    /// An empty database.
    pub async fn empty() -> Self {
        let server = Self::server().await;
        // The time in the name tells how old a database is.
        let name = format!("{PREFIX}{}", Uuid::now_v7().simple());
        let mut conn = server.connect().await.unwrap();
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
        conn.execute(AssertSqlSafe(create)).await.unwrap();
        conn.close().await.unwrap();
        Self { url: server.url(&name), name, server, thread: thread::current().id(), reusable: false }
    }

    /// A database with every migration applied, and a pool on it.
    pub async fn migrated() -> (Self, Db) {
        let database = Self::with_tables().await;
        let db = database.db(5).await;
        (database, db)
    }

    /// A database with every migration applied, and no row: one that another test has done with, emptied, or a new one.
    ///
    /// One first database is migrated as in production; the others get the same statements in one go and a copy of
    /// the bookkeeping, which takes a fraction of the time.
    pub async fn with_tables() -> Self {
        let (server, model) = (Self::server().await, Model::get().await);
        if let Some(name) = used::next(server, model).await {
            let (url, thread) = (server.url(&name), thread::current().id());
            return Self { url, name, server, thread, reusable: true };
        }
        let mut database = Self::fresh().await;
        database.reusable = true;
        database
    }

    /// A new database with every migration applied, and nothing that a server made.
    pub async fn fresh() -> Self {
        let database = Self::empty().await;
        database.run(&Model::get().await.tables).await;
        database
    }

    /// A database with every migration applied and the seeds, copied from the first one: passwords are hashed once.
    pub async fn seeded() -> Self {
        let database = Self::with_tables().await;
        database.run(&Model::get().await.rows).await;
        database
    }

    async fn server() -> &'static Server {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        SERVER.get_or_init(Server::start).await
    }

    async fn run(&self, statements: &str) {
        let mut conn = MySqlConnection::connect(&self.url).await.unwrap();
        conn.execute(AssertSqlSafe(statements)).await.unwrap();
        conn.close().await.unwrap();
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
        let name = std::mem::take(&mut self.name);
        match self.reusable && self.thread == thread::current().id() {
            true => used::give_back(name),
            false => self.server.sweep(name),
        }
    }
}
