//! Objects without a row, and rows without an object.

use chrono::{Duration, Utc};
use futures_util::TryStreamExt;
use staka::{
    clock::new_id,
    files::{
        deletions,
        orphans::{self, Swept},
        storage::Kind,
    },
};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::support::outbox::Lab;

/// Keeps an object; with a row or without.
async fn keep(lab: &Lab, kind: Kind, named: bool) -> String {
    let now = lab.state.clock.now();
    let object = lab.state.storage.put_bytes(kind, "txt", now, b"0123456789").await.unwrap();
    if named {
        sqlx::query(
            "INSERT INTO files (id, filename, storage_key, mime_type, size, created_at, updated_at)
             VALUES (?, 'a.txt', ?, 'text/plain', 10, ?, ?)",
        )
        .bind(new_id())
        .bind(&object.key)
        .bind(now)
        .bind(now)
        .execute(lab.state.db.pool())
        .await
        .unwrap();
    }
    object.key
}

async fn sweep(lab: &Lab) -> u64 {
    let swept = orphans::sweep(&lab.state).await.unwrap();
    assert_eq!(deletions::run(&lab.state).await.unwrap(), swept.removed);
    assert_eq!(swept.missing, 0);
    swept.removed
}

#[tokio::test]
async fn only_old_objects_of_ours_without_a_row_go() {
    let lab = Lab::start().await;
    let named = keep(&lab, Kind::Orders, true).await;
    let mut orphans = Vec::new();
    for kind in [Kind::Orders, Kind::Messages, Kind::Exports] {
        orphans.push(keep(&lab, kind, false).await);
    }
    let imported = "orders/Mon_roman_1700000000000-123.docx";
    let root = &lab.state.config.storage.directory;
    std::fs::write(root.join(imported), "importé").unwrap();

    // Keys are dated by the machine, the test's clock stands still: it is set a little after, then two days.
    let age = chrono::Utc::now() - lab.state.clock.now();
    lab.advance(age + Duration::hours(1));
    assert_eq!(sweep(&lab).await, 0);
    lab.advance(Duration::days(2));
    assert_eq!(sweep(&lab).await, 3);
    for key in orphans {
        assert!(!lab.state.storage.exists(&key).await.unwrap());
    }
    for key in [named.as_str(), imported] {
        assert!(lab.state.storage.exists(key).await.unwrap(), "{key}");
    }
}

#[tokio::test]
async fn a_storage_of_another_database_is_left_alone() {
    let lab = Lab::start().await;
    for _ in 0..30 {
        keep(&lab, Kind::Projects, false).await;
    }
    let age = chrono::Utc::now() - lab.state.clock.now();
    lab.advance(age + Duration::days(2));
    assert!(orphans::sweep(&lab.state).await.is_err());
    assert_eq!(deletions::run(&lab.state).await.unwrap(), 0);
    let keys: Vec<String> = lab.state.storage.keys().try_collect().await.unwrap();
    assert_eq!(keys.len(), 30);
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_stays_queued_with_the_cause() {
    let lab = Lab::start().await;
    let key = keep(&lab, Kind::Orders, false).await;
    // A directory stands where the object was.
    let place = lab.state.config.storage.directory.join(&key);
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("in the way"), "").unwrap();
    let mut conn = lab.state.db.conn().await.unwrap();
    deletions::queue(&mut conn, lab.state.clock.now(), &key).await.unwrap();
    drop(conn);
    for (attempts, minutes) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(deletions::run(&lab.state).await.unwrap(), 0);
        assert_eq!(deletions::run(&lab.state).await.unwrap(), 0, "not again before the pause is over");
        let tries: u32 =
            sqlx::query_scalar("SELECT attempts FROM storage_deletions WHERE last_error IS NOT NULL")
                .fetch_one(lab.state.db.pool())
                .await
                .unwrap();
        assert_eq!(tries, attempts);
        lab.advance(Duration::minutes(minutes));
    }
    std::fs::remove_dir_all(&place).unwrap();
    assert_eq!(deletions::run(&lab.state).await.unwrap(), 1);
}

/// A key of our making, of the first of January.
fn key(kind: &str, extension: &str) -> String {
    let made = Timestamp::from_unix(ContextV7::new(), 1_767_225_600, 0);
    format!("{kind}/2026/01/{}.{extension}", Uuid::new_v7(made))
}

/// Rows that name these objects.
async fn name(lab: &Lab, keys: &[String]) {
    let mut rows = sqlx::QueryBuilder::new(
        "INSERT INTO files (id, filename, storage_key, mime_type, size, created_at, updated_at) ",
    );
    rows.push_values(keys, |mut row, key| {
        row.push_bind(new_id()).push_bind("a.txt").push_bind(key).push_bind("text/plain").push_bind(1);
        row.push_bind(Utc::now()).push_bind(Utc::now());
    });
    rows.build().execute(lab.state.db.pool()).await.unwrap();
}

#[tokio::test]
async fn objects_and_rows_are_compared_both_ways_whatever_their_number() {
    let lab = Lab::start().await;
    let kinds = ["invoices", "messages", "orders", "projects"];
    let keys = |count: usize| -> Vec<String> {
        kinds.map(|kind| (0..count).map(move |_| key(kind, "txt"))).into_iter().flatten().collect()
    };
    let (whole, orphans, lost) = (keys(600), keys(3), keys(300));
    for key in whole.iter().chain(&orphans) {
        let path = lab.state.config.storage.directory.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    name(&lab, &whole).await;
    name(&lab, &lost).await;
    // Beyond the last object there are rows too.
    name(&lab, &[key("zzz", "txt")]).await;

    let swept = orphans::sweep(&lab.state).await.unwrap();
    assert_eq!(swept, Swept { removed: 12, missing: 1201 });
    assert_eq!(deletions::run(&lab.state).await.unwrap(), 12);
    let mut left: Vec<String> = lab.state.storage.keys().try_collect().await.unwrap();
    left.sort();
    let mut expected = whole;
    expected.sort();
    assert_eq!(left, expected);
}

#[tokio::test]
async fn what_a_failed_recording_leaves_goes_unless_a_row_names_it_after_all() {
    let lab = Lab::start().await;
    let (named, unnamed) = (keep(&lab, Kind::Orders, true).await, keep(&lab, Kind::Orders, false).await);
    deletions::abandon(&lab.state, &[named.clone(), unnamed.clone()]).await;
    assert!(lab.state.storage.exists(&named).await.unwrap());
    assert!(!lab.state.storage.exists(&unnamed).await.unwrap());
    let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM storage_deletions")
        .fetch_one(lab.state.db.pool())
        .await
        .unwrap();
    assert_eq!(waiting, 0);
}
