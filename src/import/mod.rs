//! Moving in: the database of the former platform, read once and written into an empty one of ours.
//!
//! All or nothing. The files are copied first, under keys that follow from the ids of their rows, so that a second run
//! finds what a first one copied. Then everything else is written in one transaction, counted against the source, and
//! committed only when nothing differs. A run that is killed leaves no row, and the next one takes over.
//!
//! Ids are kept. One that is no UUID becomes the UUID that its text hashes to, wherever it is named.

mod content;
mod ids;
mod invoices;
mod objects;
mod orders;
mod people;
mod report;
mod row;
mod source;
mod talk;
mod target;
mod threads;
mod verify;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    app::AppState,
    db::{NamedLock, Tx},
};

use objects::Copied;
pub use report::Report;
use source::Source;

/// What to move.
pub struct Options {
    /// The URL of the former database, with its password.
    pub from: String,
    /// The directory of its uploads; without it no file is copied.
    pub uploads: Option<PathBuf>,
    /// Write nothing, but report as if.
    pub dry_run: bool,
}

/// Hears how far a table is: its name, rows done, rows in all.
pub type Progress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);

/// An account, as far as other rows ask.
struct Party {
    /// Of the team, active or not.
    team: bool,
    role: String,
    email: String,
    name: String,
    address: Option<String>,
}

/// An order, as far as its invoices ask.
struct Order {
    user_id: Uuid,
    title: String,
    paid: bool,
}

/// What was learnt on the way.
struct Known {
    now: DateTime<Utc>,
    seller: serde_json::Value,
    users: HashMap<Uuid, Party>,
    /// Never activated, with an activation under way.
    awaiting: HashSet<Uuid>,
    tarifs: HashMap<Uuid, (i64, bool)>,
    orders: HashMap<Uuid, Order>,
    /// Pending orders, each with what it became.
    pendings: HashMap<Uuid, Option<Uuid>>,
    objects: HashMap<Uuid, Copied>,
    /// Sessions seen.
    sessions: HashSet<String>,
    /// Rows for another table than the one that is read.
    beside: Vec<Vec<target::Cell>>,
    threads: threads::Threads,
    report: Report,
}

/// A move under way.
struct Moving<'a> {
    source: Source,
    tx: Tx,
    known: Known,
    progress: Progress<'a>,
}

/// Moves everything, or nothing, and tells what it did.
///
/// # Errors
/// When one of the databases refuses, the target is not empty, or the source is no database of the former platform.
/// A difference is no error: it stands in the report, and nothing was written.
pub async fn run(state: &AppState, options: &Options, progress: Progress<'_>) -> anyhow::Result<Report> {
    let lock = NamedLock::try_take(&state.db, "import").await?;
    let lock = lock.ok_or_else(|| anyhow::anyhow!("another import is under way"))?;
    verify::is_empty(&state.db).await?;
    let mut source = Source::open(&options.from).await?;
    let mut known = Known {
        now: state.clock.now(),
        seller: serde_json::to_value(&state.config.company)?,
        users: HashMap::new(),
        awaiting: HashSet::new(),
        tarifs: HashMap::new(),
        orders: HashMap::new(),
        pendings: HashMap::new(),
        objects: HashMap::new(),
        sessions: HashSet::new(),
        beside: Vec::new(),
        threads: threads::Threads::default(),
        report: Report::default(),
    };
    for absent in source.absent() {
        known.report.note("Absent de l’ancienne base", absent);
    }
    objects::copy(state, options, &mut source, &mut known, progress).await?;
    let mut moving = Moving { source, tx: state.db.begin().await?, known, progress };
    let written = write(&mut moving).await;
    let Moving { tx, known, .. } = moving;
    let mut report = known.report;
    match written {
        Ok(()) if !options.dry_run && !report.differs() => {
            tx.commit().await?;
            report.written = true;
        }
        Ok(()) => tx.rollback().await?,
        Err(error) => {
            tx.rollback().await?;
            return Err(error);
        }
    }
    lock.release().await?;
    Ok(report)
}

async fn write(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    people::users(moving).await?;
    orders::tarifs(moving).await?;
    orders::commandes(moving).await?;
    orders::pendings(moving).await?;
    invoices::invoices(moving).await?;
    content::files(moving).await?;
    talk::messages(moving).await?;
    talk::attachments(moving).await?;
    people::others(moving).await?;
    content::pages(moving).await?;
    content::audit(moving).await?;
    verify::compare(moving).await
}
