//! What holds for every queue, and that each has the index its claims need.

use std::collections::BTreeSet;
use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use sqlx::AssertSqlSafe;
use staka::db::lease::{Failed, Lease, Queue, claim, take};
use staka::db::{Backoff, Db};
use staka::emails::worker::Outbox;
use staka::exports::store::Exports;
use staka::files::deletions::Deletions;
use staka::invoices::render::Rendering;
use staka::payments::{closing::Closings, departures::Departures, inbox::Inbox, reconcile::OpenSessions};
use staka::withdrawals::matching::Unmatched;

use crate::support::database::TestDatabase;

/// A queue of its own: two tries, a minute each.
enum Chores {}

impl Queue for Chores {
    type Id = u32;
    const TABLE: &'static str = "chores";
    const INDEX: &'static str = "chores_due";
    const WAITING: &'static [&'static str] = &["status = 'WAITING'", "status = 'URGENT'"];
    const CHANGED: Option<&'static str> = Some("updated_at");
    const GIVE_UP: &'static str = "status = 'GIVEN_UP'";
    const LEASE: TimeDelta = TimeDelta::minutes(1);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(5), TimeDelta::minutes(5));
    const TRIES: u32 = 2;
}

const TABLE: &str = "CREATE TABLE chores (
    id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
    status ENUM('WAITING','URGENT','DONE','GIVEN_UP') NOT NULL,
    attempts INT UNSIGNED NOT NULL DEFAULT 0,
    next_attempt_at DATETIME(3) NULL,
    last_error VARCHAR(500) NULL,
    updated_at DATETIME(3) NULL,
    KEY chores_due (status, next_attempt_at))";

async fn execute(db: &Db, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db.conn().await.unwrap()).await.unwrap();
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 9, 12, 0, 0).unwrap()
}

/// `id status attempts last_error`, the error cut to its length.
async fn chores(db: &Db) -> Vec<String> {
    let rows = "SELECT CONCAT_WS(' ', id, status, attempts, next_attempt_at IS NULL, CHAR_LENGTH(last_error))
                FROM chores ORDER BY id";
    sqlx::query_scalar(rows).fetch_all(&mut *db.conn().await.unwrap()).await.unwrap()
}

async fn claimed(db: &Db, now: DateTime<Utc>, limit: u32) -> Vec<Lease<Chores>> {
    claim(db, now, limit).await.unwrap()
}

fn ids(leases: &[Lease<Chores>]) -> Vec<(u32, u32)> {
    leases.iter().map(|lease| (lease.id, lease.attempts)).collect()
}

#[tokio::test]
async fn a_lease_keeps_others_away_until_it_ends() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    execute(&db, TABLE).await;
    execute(
        &db,
        "INSERT INTO chores (status, next_attempt_at) VALUES
           ('WAITING', '2026-03-09 11:00:00'), ('URGENT', '2026-03-09 11:30:00'), ('WAITING', '2026-03-09 10:00:00'),
           ('WAITING', '2026-03-09 12:00:00.001'), ('DONE', '2026-03-09 10:00:00'), ('WAITING', NULL)",
    )
    .await;
    assert_eq!(ids(&claimed(&db, noon(), 1).await), [(3, 1)], "the longest due first");
    assert_eq!(ids(&claimed(&db, noon(), 9).await), [(1, 1), (2, 1)], "of every kind that waits");
    assert!(claimed(&db, noon(), 9).await.is_empty());
    let end = noon() + Chores::LEASE;
    let again = claimed(&db, end, 9).await;
    assert_eq!(ids(&again), [(4, 1), (1, 2), (3, 2), (2, 2)], "those of a dead worker come back");
    assert!(again.iter().all(|lease| lease.until == end + Chores::LEASE));
    db.close().await;
}

#[tokio::test]
async fn only_who_holds_the_lease_settles() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    execute(&db, TABLE).await;
    execute(&db, "INSERT INTO chores (status, next_attempt_at) VALUES ('WAITING', '2026-03-09 11:00:00')")
        .await;
    let late = claimed(&db, noon(), 1).await.remove(0);
    let now = noon() + Chores::LEASE;
    let heir = claimed(&db, now, 1).await.remove(0);
    let mut conn = db.conn().await.unwrap();
    assert!(!late.hold(&mut conn).await.unwrap());
    assert_eq!(late.fail(&mut conn, now, "late").await.unwrap(), Failed::NotOurs);
    assert!(!late.give_up(&mut conn, now, "late").await.unwrap());
    assert_eq!(chores(&db).await, ["1 WAITING 2 0"]);
    assert!(heir.hold(&mut conn).await.unwrap());
    assert_eq!(heir.fail(&mut conn, now, &"é".repeat(600)).await.unwrap(), Failed::GivenUp);
    assert_eq!(chores(&db).await, ["1 GIVEN_UP 2 1 500"], "the last try, its cause cut");
    assert!(!heir.hold(&mut conn).await.unwrap());
    drop(conn);
    db.close().await;
}

#[tokio::test]
async fn what_failed_is_tried_again_after_its_pause() {
    let database = TestDatabase::empty().await;
    let db = database.db(2).await;
    execute(&db, TABLE).await;
    execute(&db, "INSERT INTO chores (status, next_attempt_at) VALUES ('URGENT', '2026-03-09 11:00:00')")
        .await;
    let lease = claimed(&db, noon(), 1).await.remove(0);
    let again = noon() + TimeDelta::minutes(5);
    let mut conn = db.conn().await.unwrap();
    assert_eq!(lease.fail(&mut conn, noon(), "not now").await.unwrap(), Failed::Later(again));
    drop(conn);
    assert_eq!(chores(&db).await, ["1 URGENT 1 0 7"]);
    assert!(claimed(&db, again - TimeDelta::milliseconds(1), 1).await.is_empty());
    assert_eq!(ids(&claimed(&db, again, 1).await), [(1, 2)]);
    db.close().await;
}

/// Twenty rows that wait, due at the same time, between rows that do not. Several workers are in the midst of their
/// claims: each takes as many as it wants, and what they leave is there for the next one.
async fn claims_lock_what_they_take<Q>(row: impl Fn(u32, bool) -> String)
where
    Q: Queue<Id: Ord + Debug>,
{
    let (database, first) = TestDatabase::migrated().await;
    first.close().await;
    let db = database.db(6).await;
    let rows: Vec<String> = (0..40).map(|number| row(number, number % 2 == 0)).collect();
    execute(&db, &format!("SET FOREIGN_KEY_CHECKS = 0; {}; SET FOREIGN_KEY_CHECKS = 1", rows.join(";")))
        .await;
    let mut taken = BTreeSet::new();
    let mut workers = Vec::new();
    for _ in 0..4 {
        let mut tx = db.begin().await.unwrap();
        let leases = take::<Q>(&mut tx, noon(), 3).await.unwrap();
        assert_eq!(leases.len(), 3, "{}: a claim found less than there is", Q::TABLE);
        taken.extend(leases.into_iter().map(|lease| lease.id));
        workers.push(tx);
    }
    let rest: Vec<Lease<Q>> = claim(&db, noon(), 100).await.unwrap();
    taken.extend(rest.iter().map(|lease| lease.id.clone()));
    assert_eq!((rest.len(), taken.len()), (8, 20), "{}: {taken:?}", Q::TABLE);
    for worker in workers {
        worker.rollback().await.unwrap();
    }
    assert_eq!(claim::<Q>(&db, noon(), 100).await.unwrap().len(), 12);
    db.close().await;
}

const DUE: &str = "'2026-03-09 11:00:00'";

#[tokio::test]
async fn workers_share_the_mails() {
    claims_lock_what_they_take::<Outbox>(|number, waits| {
        let status = if waits { "PENDING" } else { "SENT" };
        format!(
            "INSERT INTO email_outbox (id, dedupe_key, template, to_email, payload, status, next_attempt_at, created_at, updated_at)
             VALUES (LPAD({number}, 16, '0'), '{number}', 't', 'a@example.com', '{{}}', '{status}', {DUE}, {DUE}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_invoices_to_render() {
    claims_lock_what_they_take::<Rendering>(|number, waits| {
        let due = if waits { DUE } else { "NULL" };
        format!(
            "INSERT INTO invoices (id, commande_id, user_id, number, amount, tax_amount, vat_regime, vat_rate_bp, issued_at,
                                   seller, buyer, items, render_due_at, created_at, updated_at)
             VALUES (LPAD({number}, 16, '0'), LPAD({number}, 16, '0'), LPAD({number}, 16, '0'), '{number}', 1, 0, 'FRANCHISE', 0, {DUE}, '{{}}', '{{}}', '[]',
                     {due}, {DUE}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_events_that_failed() {
    claims_lock_what_they_take::<Inbox>(|number, waits| {
        let status = if waits { "FAILED" } else { "PROCESSED" };
        format!(
            "INSERT INTO stripe_events (id, type, status, payload, next_attempt_at, received_at)
             VALUES ('evt_{number}', 't', '{status}', '{{}}', {DUE}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_objects_to_remove() {
    claims_lock_what_they_take::<Deletions>(|number, waits| {
        let due = if waits { DUE } else { "'2026-03-09 13:00:00'" };
        format!(
            "INSERT INTO storage_deletions (id, storage_key, next_attempt_at, created_at)
             VALUES (LPAD({number}, 16, '0'), 'orders/{number}', {due}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_open_sessions() {
    claims_lock_what_they_take::<OpenSessions>(|number, waits| {
        let open = ["CREATING", "OPEN", "PROCESSING"][number as usize / 2 % 3];
        let status = if waits { open } else { "PAID" };
        format!(
            "INSERT INTO checkout_sessions (id, amount, status, expires_at, checked_at, created_at, updated_at)
             VALUES (LPAD({number}, 16, '0'), 1, '{status}', {DUE}, {DUE}, {DUE}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_exports_to_make() {
    claims_lock_what_they_take::<Exports>(|number, waits| {
        let due = if waits { DUE } else { "NULL" };
        format!(
            "INSERT INTO data_exports (id, user_id, next_attempt_at, expires_at, created_at, updated_at)
             VALUES (LPAD({number}, 16, '0'), LPAD({number}, 16, '0'), {due}, {DUE}, {DUE}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_pages_to_close() {
    claims_lock_what_they_take::<Closings>(|number, waits| {
        let due = if waits { DUE } else { "NULL" };
        format!(
            "INSERT INTO checkout_sessions (id, amount, status, expires_at, checked_at, close_due_at, created_at, updated_at)
             VALUES (LPAD({number}, 16, '0'), 1, 'OPEN', {DUE}, {DUE}, {due}, {DUE}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_what_leaves_stripe() {
    claims_lock_what_they_take::<Departures>(|number, waits| {
        let due = if waits { DUE } else { "'2026-03-09 13:00:00'" };
        format!(
            "INSERT INTO stripe_departures (id, kind, stripe_id, next_attempt_at, created_at)
             VALUES (LPAD({number}, 16, '0'), 'CARD', 'pm_{number}', {due}, {DUE})"
        )
    })
    .await;
}

#[tokio::test]
async fn workers_share_the_withdrawals_without_an_order() {
    claims_lock_what_they_take::<Unmatched>(|number, waits| {
        let due = if waits { DUE } else { "NULL" };
        format!(
            "INSERT INTO withdrawals (id, declared_at, nom, email, match_due_at, created_at, updated_at)
             VALUES (LPAD({number}, 16, '0'), {DUE}, 'X', 'x@example.com', {due}, {DUE}, {DUE})"
        )
    })
    .await;
}
