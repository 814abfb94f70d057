//! The pool, transactions under cancellation, and migrations under competition.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::support::database::TestDatabase;
use sqlx::Row;
use staka::db::{Db, PoolSettings, is_unavailable, migrate, pending, violates, with_retry};

async fn execute(db: &Db, sql: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *db.conn().await.unwrap()).await.unwrap();
}

async fn count(db: &Db) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM notes").fetch_one(&mut *db.conn().await.unwrap()).await.unwrap()
}

/// Polls a future as often as told, letting the other tasks go on in between, then drops it.
async fn cancel_after<F: Future>(future: F, polls: usize) {
    let mut future = pin!(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_session_is_set_up_alike() {
    let database = TestDatabase::empty().await;
    let db = database.db(1).await;
    let row = sqlx::query(
        "SELECT @@session.time_zone, @@session.collation_connection, @@session.sql_mode, \
         CAST(@@session.innodb_lock_wait_timeout AS SIGNED)",
    )
    .fetch_one(&mut *db.conn().await.unwrap())
    .await
    .unwrap();
    assert_eq!(row.get::<String, _>(0), "+00:00");
    assert_eq!(row.get::<String, _>(1), "utf8mb4_unicode_ci");
    assert!(row.get::<String, _>(2).contains("STRICT_ALL_TABLES"));
    assert_eq!(row.get::<i64, _>(3), 5);
    db.ping().await.unwrap();
    db.close().await;
    assert!(is_unavailable(&db.ping().await.unwrap_err()));
}

#[tokio::test]
async fn a_transaction_reads_what_others_commit_meanwhile() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    execute(&db, "CREATE TABLE notes (id INT PRIMARY KEY)").await;
    let mut tx = db.begin().await.unwrap();
    let before: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM notes").fetch_one(&mut *tx).await.unwrap();
    execute(&db, "INSERT INTO notes VALUES (1)").await;
    let after: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM notes").fetch_one(&mut *tx).await.unwrap();
    assert_eq!((before, after), (0, 1), "READ COMMITTED");
    drop(tx);
    db.close().await;
}

#[tokio::test]
async fn commit_keeps_rollback_and_drop_undo() {
    let database = TestDatabase::empty().await;
    let db = database.db(1).await;
    execute(&db, "CREATE TABLE notes (id INT PRIMARY KEY)").await;
    for (id, end) in [(1, "commit"), (2, "rollback"), (3, "drop")] {
        let mut tx = db.begin().await.unwrap();
        sqlx::query("INSERT INTO notes VALUES (?)").bind(id).execute(&mut *tx).await.unwrap();
        match end {
            "commit" => tx.commit().await.unwrap(),
            "rollback" => tx.rollback().await.unwrap(),
            _ => drop(tx),
        }
    }
    let ids: Vec<i32> =
        sqlx::query_scalar("SELECT id FROM notes").fetch_all(&mut *db.conn().await.unwrap()).await.unwrap();
    assert_eq!(ids, [1]);
    db.close().await;
}

/// Without care, a `begin` dropped half way leaves its transaction open on the connection: the next write over that
/// connection joins it and is seen by nobody else. One connection, so that the next write is sure to get that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_begin_never_swallows_later_writes() {
    let database = TestDatabase::empty().await;
    let db = database.db(1).await;
    let observer = database.db(1).await;
    execute(&db, "CREATE TABLE notes (id INT PRIMARY KEY AUTO_INCREMENT)").await;
    for round in 1..=200 {
        cancel_after(db.begin(), 1 + round % 7).await;
        execute(&db, "INSERT INTO notes VALUES ()").await;
        assert_eq!(count(&observer).await, i64::try_from(round).unwrap());
    }
    db.close().await;
    assert_eq!(count(&observer).await, 200, "and they survive the closing of the pool");
    observer.close().await;
}

#[tokio::test]
async fn the_queue_for_a_connection_is_bounded() {
    let database = TestDatabase::empty().await;
    let settings =
        PoolSettings { max_connections: 1, acquire_timeout: Duration::from_secs(60), max_waiting: 1 };
    let db = Db::connect(database.url(), settings).await.unwrap();
    let held = db.conn().await.unwrap();
    let mut waiter = Box::pin(db.conn());
    assert!(waiter.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(matches!(db.conn().await, Err(sqlx::Error::PoolTimedOut)), "refused at once, not after 60 s");
    drop(held);
    drop(waiter.await.unwrap());
    drop(db.conn().await.unwrap());
    db.close().await;
}

#[tokio::test]
async fn a_duplicate_names_its_key() {
    let database = TestDatabase::empty().await;
    let db = database.db(1).await;
    execute(
        &db,
        "CREATE TABLE notes (id INT PRIMARY KEY, email VARCHAR(50), UNIQUE KEY notes_email_key (email))",
    )
    .await;
    execute(&db, "INSERT INTO notes VALUES (1, 'PRIMARY')").await;
    let mut conn = db.conn().await.unwrap();
    let error = sqlx::query("INSERT INTO notes VALUES (2, 'PRIMARY')").execute(&mut *conn).await.unwrap_err();
    assert!(violates(&error, "notes_email_key"), "{error}");
    assert!(!violates(&error, "PRIMARY"), "{error}");
    drop(conn);
    db.close().await;
}

/// Two transactions lock two rows in opposite order, in step, so that one of them must lose its first attempt.
#[tokio::test]
async fn the_loser_of_a_deadlock_runs_again() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    execute(&db, "CREATE TABLE notes (id INT PRIMARY KEY, n INT NOT NULL)").await;
    execute(&db, "INSERT INTO notes VALUES (1, 0), (2, 0)").await;
    let meet = tokio::sync::Barrier::new(2);
    let attempts = std::sync::atomic::AtomicU32::new(0);
    let (db_ref, meet, counter) = (&db, &meet, &attempts);
    let side = |first: i32, second: i32| {
        let mut met = false;
        with_retry(move || {
            let first_time = !std::mem::replace(&mut met, true);
            async move {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let mut tx = db_ref.begin().await?;
                sqlx::query("UPDATE notes SET n = n + 1 WHERE id = ?").bind(first).execute(&mut *tx).await?;
                if first_time {
                    meet.wait().await;
                }
                sqlx::query("UPDATE notes SET n = n + 1 WHERE id = ?").bind(second).execute(&mut *tx).await?;
                tx.commit().await
            }
        })
    };
    let (one, two) = tokio::join!(side(1, 2), side(2, 1));
    one.and(two).unwrap();
    let sum: i64 = sqlx::query_scalar("SELECT CAST(SUM(n) AS SIGNED) FROM notes")
        .fetch_one(&mut *db.conn().await.unwrap())
        .await
        .unwrap();
    assert_eq!((sum, attempts.load(std::sync::atomic::Ordering::Relaxed)), (4, 3));
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_migrators_at_once_all_succeed_and_apply_once() {
    let database = TestDatabase::empty().await;
    let db = database.db(4).await;
    let before = pending(&db).await.unwrap();
    assert!(!before.is_empty());
    let runs: Vec<_> = (0..10)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { migrate(&db).await })
        })
        .collect();
    let mut applied = Vec::new();
    for run in runs {
        applied.extend(run.await.unwrap().unwrap().applied);
    }
    assert_eq!(applied, before, "each migration was applied by exactly one of them");
    assert!(pending(&db).await.unwrap().is_empty());
    db.close().await;
}

/// A process may die between a statement and the note of its success, at any of the files.
#[tokio::test]
async fn every_migration_can_be_run_again() {
    let database = TestDatabase::fresh().await;
    let db = database.db(5).await;
    execute(&db, "UPDATE _sqlx_migrations SET success = FALSE").await;
    let all = pending(&db).await.unwrap();
    assert_eq!(migrate(&db).await.unwrap().applied, all);
    assert!(pending(&db).await.unwrap().is_empty());
    db.close().await;
}

#[tokio::test]
async fn a_url_without_a_database_is_refused() {
    let refused = Db::connect("mysql://root@localhost/", PoolSettings::default()).await;
    assert!(matches!(refused, Err(sqlx::Error::Configuration(_))));
}

/// Who is at the other end of a connection.
async fn number(conn: &mut sqlx::MySqlConnection) -> u64 {
    sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn a_released_connection_goes_on_to_the_next_without_a_question() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    let mut conn = db.conn().await.unwrap();
    let first = number(&mut conn).await;
    let asked = "SHOW SESSION STATUS LIKE 'Com_admin_commands'";
    let before: String = sqlx::query(asked).fetch_one(&mut *conn).await.unwrap().get_unchecked(1);
    conn.release();
    let mut conn = db.conn().await.unwrap();
    assert_eq!(number(&mut conn).await, first);
    let after: String = sqlx::query(asked).fetch_one(&mut *conn).await.unwrap().get_unchecked(1);
    assert_eq!(after, before, "nothing was asked in between");
    conn.release();
    db.close().await;
    assert!(is_unavailable(&db.ping().await.unwrap_err()));
}

#[tokio::test]
async fn connections_released_dropped_and_taken_from_the_pool_itself_serve_everybody() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    let tasks = (0..60).map(|i| {
        let db = db.clone();
        tokio::spawn(async move {
            if i % 3 == 0 {
                return sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(db.pool()).await.unwrap();
            }
            let mut conn = db.conn().await.unwrap();
            let one = sqlx::query_scalar("SELECT 1").fetch_one(&mut *conn).await.unwrap();
            if i % 3 == 1 {
                conn.release();
            }
            one
        })
    });
    for one in futures_util::future::join_all(tasks).await {
        assert_eq!(one.unwrap(), 1);
    }
    db.close().await;
}
