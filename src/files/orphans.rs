//! Objects and rows that lost each other. A process that dies between keeping an object and writing its row leaves an
//! object that nobody will ever ask for: it is removed. A row whose object is gone is a loss: it is reported.
//!
//! Both are read in the order of their keys, a page at a time, and compared range by range: however many there are,
//! memory holds a page of each.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use futures_util::TryStreamExt;
use sqlx::MySqlConnection;

use super::{
    deletions,
    storage::{Kind, Storage},
};
use crate::{app::AppState, events::Hint};

/// The row of a younger object may still be on its way.
const PATIENCE: Duration = Duration::days(1);

/// Objects, and rows, in memory at a time.
const PAGE: usize = 1000;

/// Kinds whose every object has a row in `files`, `invoices` or `data_exports`.
const KINDS: [Kind; 5] = [Kind::Projects, Kind::Orders, Kind::Messages, Kind::Invoices, Kind::Exports];

/// Objects that may go at once whatever their share of the storage.
const FEW: u64 = 20;

/// Objects removed by one sweep at most; the next one takes the others.
const MOST: usize = 10_000;

/// Rows without an object that are named in the log; the others are counted.
const NAMED: u64 = 100;

/// What a sweep found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Objects without a row, queued for removal.
    pub removed: u64,
    /// Rows without an object.
    pub missing: u64,
}

/// Queues the objects without a row for removal; logs the rows without an object.
/// When most objects have no row, the storage belongs to another database: nothing is removed.
///
/// # Errors
/// When the storage or the database is away, or they do not belong together.
pub async fn sweep(state: &AppState) -> anyhow::Result<Swept> {
    let mut sweep = Sweep::new(state);
    let mut objects = state.storage.keys().try_chunks(PAGE);
    while let Some(page) = objects.try_next().await? {
        sweep.compare(&page).await?;
    }
    sweep.rows_after_the_last().await?;
    sweep.finish().await
}

/// What was found so far.
struct Sweep<'a> {
    state: &'a AppState,
    before: DateTime<Utc>,
    /// The last key both sides were compared up to.
    last: String,
    objects: u64,
    orphans: u64,
    /// The first [`MOST`] of them.
    to_remove: Vec<String>,
    missing: u64,
}

impl<'a> Sweep<'a> {
    fn new(state: &'a AppState) -> Self {
        let before = state.clock.now() - PATIENCE;
        Self { state, before, last: String::new(), objects: 0, orphans: 0, to_remove: vec![], missing: 0 }
    }

    /// Compares the next objects with the rows of the same range of keys.
    async fn compare(&mut self, page: &[String]) -> anyhow::Result<()> {
        let in_order = page.is_sorted() && page.first().is_some_and(|first| *first > self.last);
        anyhow::ensure!(in_order, "the storage does not list its keys in their order");
        let mut unnamed: HashSet<&str> = page.iter().map(String::as_str).collect();
        let up_to = page.last().cloned().unwrap_or_default();
        loop {
            let rows = self.rows(Some(&up_to)).await?;
            for key in &rows {
                if !unnamed.remove(key.as_str()) {
                    self.report(key).await?;
                }
            }
            if rows.len() < PAGE {
                break;
            }
        }
        self.objects += page.len() as u64;
        for key in page.iter().filter(|key| unnamed.contains(key.as_str())) {
            self.orphan(key);
        }
        self.last = up_to;
        Ok(())
    }

    async fn rows_after_the_last(&mut self) -> anyhow::Result<()> {
        loop {
            let rows = self.rows(None).await?;
            for key in &rows {
                self.report(key).await?;
            }
            if rows.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// The next rows after the last key, which moves along.
    async fn rows(&mut self, up_to: Option<&str>) -> Result<Vec<String>, sqlx::Error> {
        let mut conn = self.state.db.conn().await?;
        let rows = keys_of_rows(&mut conn, &self.last, up_to).await?;
        if let Some(last) = rows.last() {
            self.last.clone_from(last);
        }
        Ok(rows)
    }

    fn orphan(&mut self, key: &str) {
        if is_ours_and_old(key, self.before) {
            self.orphans += 1;
            if self.to_remove.len() < MOST {
                self.to_remove.push(key.to_owned());
            }
        }
    }

    /// Asks once more: it may have been kept since the objects were listed.
    async fn report(&mut self, key: &str) -> anyhow::Result<()> {
        if self.missing < NAMED {
            if self.state.storage.exists(key).await? {
                return Ok(());
            }
            tracing::error!(key, "the object of a row is gone");
        }
        self.missing += 1;
        Ok(())
    }

    async fn finish(self) -> anyhow::Result<Swept> {
        let Self { state, objects, orphans, to_remove, missing, .. } = self;
        if missing > NAMED {
            tracing::error!(count = missing, "the objects of rows are gone");
        }
        anyhow::ensure!(
            orphans <= FEW.max(objects / 2),
            "{orphans} of {objects} objects have no row: is this the storage of this database?"
        );
        remove(state, &to_remove).await?;
        Ok(Swept { removed: to_remove.len() as u64, missing })
    }
}

async fn remove(state: &AppState, orphans: &[String]) -> Result<(), sqlx::Error> {
    if orphans.is_empty() {
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

/// The next [`PAGE`] keys that rows name, in their order: after one, up to another.
async fn keys_of_rows(
    conn: &mut MySqlConnection,
    after: &str,
    up_to: Option<&str>,
) -> Result<Vec<String>, sqlx::Error> {
    // No key is longer, and none begins with a tilde.
    let up_to = up_to.unwrap_or("~");
    sqlx::query_scalar!(
        r#"(SELECT storage_key AS "storage_key!" FROM files
            WHERE storage_key > ? AND storage_key <= ? ORDER BY storage_key LIMIT ?)
           UNION ALL
           (SELECT pdf_key FROM invoices WHERE pdf_key > ? AND pdf_key <= ? ORDER BY pdf_key LIMIT ?)
           UNION ALL
           (SELECT archive_key FROM data_exports WHERE archive_key > ? AND archive_key <= ? ORDER BY archive_key LIMIT ?)
           UNION ALL
           (SELECT document_key FROM data_exports WHERE document_key > ? AND document_key <= ? ORDER BY document_key LIMIT ?)
           ORDER BY 1 LIMIT ?"#,
        after,
        up_to,
        PAGE as u64,
        after,
        up_to,
        PAGE as u64,
        after,
        up_to,
        PAGE as u64,
        after,
        up_to,
        PAGE as u64,
        PAGE as u64
    )
    .fetch_all(conn)
    .await
}
