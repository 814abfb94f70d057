//! Objects without a row, and rows without an object.

use chrono::Duration;
use futures_util::TryStreamExt;
use staka::{
    clock::new_id,
    files::{deletions, orphans, storage::Kind},
};

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
    assert_eq!(deletions::run(&lab.state).await.unwrap(), swept);
    swept
}

#[tokio::test]
async fn only_old_objects_of_ours_without_a_row_go() {
    let lab = Lab::start().await;
    let named = keep(&lab, Kind::Orders, true).await;
    let orphans = [keep(&lab, Kind::Orders, false).await, keep(&lab, Kind::Messages, false).await];
    let export = keep(&lab, Kind::Exports, false).await;
    let imported = "orders/Mon_roman_1700000000000-123.docx";
    let root = &lab.state.config.storage.directory;
    std::fs::write(root.join(imported), "importé").unwrap();

    // Keys are dated by the machine, the test's clock stands still: it is set a little after, then two days.
    let age = chrono::Utc::now() - lab.state.clock.now();
    lab.advance(age + Duration::hours(1));
    assert_eq!(sweep(&lab).await, 0);
    lab.advance(Duration::days(2));
    assert_eq!(sweep(&lab).await, 2);
    for key in orphans {
        assert!(!lab.state.storage.exists(&key).await.unwrap());
    }
    for key in [named.as_str(), export.as_str(), imported] {
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
    let place = lab.state.config.uploads_dir.join(&key);
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
