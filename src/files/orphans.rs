//! Objects and rows that lost each other. A process that dies between keeping an object and writing its row leaves an
//! object that nobody will ever ask for: it is removed. A row whose object is gone is a loss: it is reported.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use futures_util::TryStreamExt;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    deletions,
    storage::{Kind, Storage},
};
use crate::{app::AppState, events::Hint};

/// The row of a younger object may still be on its way.
const PATIENCE: Duration = Duration::days(1);

/// Rows read at a time.
const PAGE: usize = 1000;

/// Kinds whose every object has a row in `files` or `invoices`; others have owners of their own.
const KINDS: [Kind; 4] = [Kind::Projects, Kind::Orders, Kind::Messages, Kind::Invoices];

/// Objects that may go at once whatever their share of the storage.
const FEW: usize = 20;

/// Queues the objects without a row for removal and tells how many there were; logs the rows without an object.
/// When most objects have no row, the storage belongs to another database: nothing is removed.
///
/// # Errors
/// When the storage or the database is away, or they do not belong together.
pub async fn sweep(state: &AppState) -> anyhow::Result<u64> {
    // Whether a row names the object, by key.
    let mut objects: HashMap<String, bool> =
        state.storage.keys().map_ok(|key| (key, false)).try_collect().await?;
    let missing = compare(state, &mut objects).await?;
    report(state, missing).await?;
    let total = objects.len();
    let before = state.clock.now() - PATIENCE;
    objects.retain(|key, known| !*known && is_ours_and_old(key, before));
    anyhow::ensure!(
        objects.len() <= FEW.max(total / 2),
        "{} of {total} objects have no row: is this the storage of this database?",
        objects.len()
    );
    remove(state, objects.keys()).await?;
    Ok(objects.len() as u64)
}

async fn remove(
    state: &AppState,
    orphans: impl ExactSizeIterator<Item = &String>,
) -> Result<(), sqlx::Error> {
    if orphans.len() == 0 {
        return Ok(());
    }
    tracing::warn!(count = orphans.len(), "objects that no row names are removed");
    let mut conn = state.db.conn().await?;
    for key in orphans {
        deletions::queue(&mut conn, state.clock.now(), key).await?;
    }
    drop(conn);
    state.bus.send(Hint::Deletions);
    Ok(())
}

/// Only what we made and can date: imported objects are left alone.
fn is_ours_and_old(key: &str, before: DateTime<Utc>) -> bool {
    KINDS.iter().any(|kind| kind.names(key)) && Storage::made_at(key).is_some_and(|made| made < before)
}

/// Marks the objects that rows name; answers the keys of rows without one.
async fn compare(state: &AppState, objects: &mut HashMap<String, bool>) -> Result<Vec<String>, sqlx::Error> {
    let mut missing = vec![];
    for table in [Table::Files, Table::Invoices] {
        let mut last = Uuid::nil();
        loop {
            let mut conn = state.db.conn().await?;
            let page = table.page(&mut conn, last).await?;
            drop(conn);
            let full = page.len() == PAGE;
            for row in page {
                last = row.id;
                match objects.get_mut(&row.storage_key) {
                    Some(known) => *known = true,
                    None => missing.push(row.storage_key),
                }
            }
            if !full {
                break;
            }
        }
    }
    Ok(missing)
}

/// Asks once more for each: it may have been written since the objects were listed.
async fn report(state: &AppState, missing: Vec<String>) -> anyhow::Result<()> {
    for key in missing {
        if !state.storage.exists(&key).await? {
            tracing::error!(key, "the object of a row is gone");
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Table {
    Files,
    Invoices,
}

struct Row {
    id: Uuid,
    storage_key: String,
}

impl Table {
    /// The next rows with an object, in the order of their ids.
    async fn page(self, conn: &mut MySqlConnection, after: Uuid) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Files => {
                sqlx::query_as!(
                    Row,
                    "SELECT id, storage_key FROM files WHERE id > ? ORDER BY id LIMIT ?",
                    after,
                    PAGE as u64
                )
                .fetch_all(conn)
                .await
            }
            Self::Invoices => {
                sqlx::query_as!(
                    Row,
                    r#"SELECT id, pdf_key AS "storage_key!" FROM invoices
                       WHERE id > ? AND pdf_key IS NOT NULL ORDER BY id LIMIT ?"#,
                    after,
                    PAGE as u64
                )
                .fetch_all(conn)
                .await
            }
        }
    }
}
