//! Databases that a test has done with: emptying thirty tables takes a tenth of the time that making them does.
//!
//! A database is free when the thread of its test has ended, hence its runtime, and with it every connection to it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, MySqlConnection, Row};
use tokio::time::{sleep, timeout};

use super::{
    model::{BOOKKEEPING, Model},
    server::Server,
};

/// Longest wait for a connection to close: a program that a test forgot may keep one.
const PATIENCE: Duration = Duration::from_secs(5);

static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What the test of this thread has let go.
struct Held(Vec<String>);

impl Drop for Held {
    fn drop(&mut self) {
        FREE.lock().unwrap().append(&mut self.0);
    }
}

thread_local! {
    static HELD: RefCell<Held> = const { RefCell::new(Held(Vec::new())) };
}

/// Lets a database go, to be free when this thread ends.
pub fn give_back(name: String) {
    HELD.with_borrow_mut(|held| held.0.push(name));
}

/// A free database, emptied. Those a test has changed the tables of, or whose connections stay, are dropped.
pub async fn next(server: &Server, model: &Model) -> Option<String> {
    loop {
        let name = FREE.lock().unwrap().pop()?;
        let mut conn = server.connect().await.unwrap();
        let left = timeout(PATIENCE, wait_until_left(&mut conn, &name)).await.is_ok();
        if left && is_like(&mut conn, &name, model).await {
            empty(&mut conn, &name).await;
            return Some(name);
        }
        server.sweep(name);
    }
}

/// Its connections are closed; the server may not have noticed. MySQL refuses to list connections while one of them
/// runs a statement with bytes in it that are no text: it is asked again.
async fn wait_until_left(conn: &mut MySqlConnection, name: &str) {
    let connected = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = ?";
    while sqlx::query_scalar::<_, i64>(connected).bind(name).fetch_one(&mut *conn).await.unwrap_or(1) > 0 {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Whether it has the tables of the model and those a development server makes itself, and no trigger.
async fn is_like(conn: &mut MySqlConnection, name: &str, model: &Model) -> bool {
    let own: BTreeSet<_> =
        tables(conn, name).await.into_iter().filter(|table| !table.starts_with("dev_")).collect();
    let triggers = conn.fetch_all(AssertSqlSafe(format!("SHOW TRIGGERS FROM {name}"))).await.unwrap();
    own == model.names && triggers.is_empty()
}

async fn empty(conn: &mut MySqlConnection, name: &str) {
    let tables = tables(conn, name).await.into_iter().filter(|table| table != BOOKKEEPING);
    let deletes = tables.map(|table| format!("DELETE FROM {name}.{table}"));
    let all = std::iter::once("SET foreign_key_checks = 0".to_owned()).chain(deletes);
    conn.execute(AssertSqlSafe(all.collect::<Vec<_>>().join(";"))).await.unwrap();
}

async fn tables(conn: &mut MySqlConnection, name: &str) -> Vec<String> {
    let rows = conn.fetch_all(AssertSqlSafe(format!("SHOW TABLES FROM {name}"))).await.unwrap();
    rows.iter().map(|row| row.get_unchecked(0)).collect()
}
