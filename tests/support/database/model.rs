//! The first database, which the others are copies of.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Executor, Row};
use staka::auth::Passwords;
use staka::clock::Clock;
use staka::db::{Db, MIGRATOR, migrate};
use staka::seeds;
use tokio::sync::OnceCell;

use super::{
    super::settings::{LIGHT, config, start_of_time},
    TestDatabase,
};

/// Where sqlx notes which migrations are applied.
pub const BOOKKEEPING: &str = "_sqlx_migrations";

/// The statements that make a database like the first one.
pub struct Model {
    /// Makes the tables.
    pub tables: String,
    /// Fills them with the seeds.
    pub rows: String,
    /// Names of the tables.
    pub names: BTreeSet<String>,
}

impl Model {
    pub async fn get() -> &'static Self {
        static MODEL: OnceCell<Model> = OnceCell::const_new();
        MODEL.get_or_init(Self::make).await
    }

    /// Migrates and seeds a database, which is kept as long as the server.
    async fn make() -> Self {
        let database = TestDatabase::empty().await;
        let db = database.db(1).await;
        migrate(&db).await.unwrap();
        seed(&db, database.url()).await;
        let names = tables(&db).await;
        let seeded = with_rows(&db, &names).await;
        db.close().await;
        let name = database.name.clone();
        std::mem::forget(database);
        let files = MIGRATOR.iter().map(|file| file.sql.as_str().trim_end().trim_end_matches(';').to_owned());
        let copy = |table: &String| format!("INSERT INTO {table} SELECT * FROM {name}.{table}");
        let noted =
            [format!("CREATE TABLE {BOOKKEEPING} LIKE {name}.{BOOKKEEPING}"), copy(&BOOKKEEPING.to_owned())];
        let unchecked = "SET foreign_key_checks = 0".to_owned();
        Self {
            tables: files.chain(noted).collect::<Vec<_>>().join("\n;\n"),
            rows: std::iter::once(unchecked).chain(seeded.iter().map(copy)).collect::<Vec<_>>().join("\n;\n"),
            names,
        }
    }
}

/// The seeds of tests, which have their passwords.
async fn seed(db: &Db, url: &str) {
    let (clock, _) = Clock::manual(start_of_time());
    let config = config(url, &std::env::temp_dir(), &[]);
    let passwords = Passwords::new(LIGHT.memory_kib, LIGHT.passes).unwrap();
    seeds::apply(db, &config, &clock, &passwords).await.unwrap();
}

async fn tables(db: &Db) -> BTreeSet<String> {
    let rows = db.conn().await.unwrap().fetch_all("SHOW TABLES").await.unwrap();
    rows.iter().map(|row| row.get_unchecked(0)).collect()
}

/// Those the seeds have filled.
async fn with_rows(db: &Db, tables: &BTreeSet<String>) -> Vec<String> {
    let mut filled = Vec::new();
    for table in tables.iter().filter(|table| *table != BOOKKEEPING) {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *db.conn().await.unwrap()).await.unwrap();
        if count > 0 {
            filled.push(table.clone());
        }
    }
    filled
}
