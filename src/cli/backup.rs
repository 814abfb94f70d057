use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use super::{connect, erase, tool};
use crate::{
    backup::{self, Progress, Totals},
    clock::Clock,
    config::{Config, Vars},
    db,
    files::storage::Storage,
    privacy::erasures,
};

/// Where to
#[derive(Args)]
pub struct Backup {
    /// The directory that gets the archive, named after the instant: staka-20261201T020000Z.tar.gz
    #[arg(value_name = "DIRECTORY", default_value = ".")]
    directory: PathBuf,
    /// When it is made, leave so many there, the newest, and remove the others
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

/// From where
#[derive(Args)]
pub struct Restore {
    /// The archive
    #[arg(value_name = "FILE")]
    archive: PathBuf,
    /// Only read it to its end: that it is whole, and what is in it
    #[arg(long)]
    check: bool,
}

const PREFIX: &str = "staka-";
const SUFFIX: &str = ".tar.gz";

/// Makes an archive.
///
/// # Errors
/// When the database, the storage or the disk refuses. Older archives stay then.
pub async fn make(backup: &Backup, vars: Vars) -> anyhow::Result<()> {
    let config = Config::load_for_tools(vars)?;
    let db = connect(&config).await?;
    let pending = db::pending(&db).await?;
    ensure!(pending.is_empty(), "{} migrations are pending: run `staka migrate` first", pending.len());
    let (storage, clock) = (Storage::new(&config.storage)?, Clock::system());
    let path = backup.directory.join(name(clock.now()));
    let mut bar = Bar::new();
    let totals = backup::make(&db, &storage, &clock, &path, &mut bar).await?;
    bar.0.finish_and_clear();
    println!("{}: {}.", path.display(), described(&totals));
    db.close().await;
    match backup.keep {
        Some(keep) => remove_oldest(&backup.directory, usize::from(keep)),
        None => Ok(()),
    }
}

/// Checks an archive, or puts back what it holds; then the accounts that were erased since it was made are erased again.
///
/// # Errors
/// When the archive cannot be used, the database is not empty, or anything refuses.
pub async fn restore(restore: &Restore, vars: Vars) -> anyhow::Result<()> {
    let mut bar = Bar::new();
    if restore.check {
        let (head, totals) = backup::check(&restore.archive, &mut bar).await?;
        bar.0.finish_and_clear();
        println!("Whole, made {} by {}: {}.", head.made_at, head.program, described(&totals));
        return Ok(());
    }
    let config = Config::load_for_tools(vars)?;
    let db = connect(&config).await?;
    let storage = Storage::new(&config.storage)?;
    storage.prepare()?;
    let (head, totals) = backup::restore(&db, &storage, &restore.archive, &mut bar).await?;
    bar.0.finish_and_clear();
    println!("Restored as of {}: {}.", head.made_at, described(&totals));
    for (table, rows) in &totals.tables {
        println!("  {table}: {rows}");
    }
    for (of, cents) in &totals.sums {
        println!("  {of}: {cents} cents");
    }
    replay(config, db).await
}

/// Erases again what the archive brought back, when the file of erasures is where the settings say.
async fn replay(config: Config, db: db::Db) -> anyhow::Result<()> {
    let log = config.erasure_log.clone();
    if !log.exists() {
        println!(
            "{} is not there: if accounts were erased since then, run `staka erase --replay FILE` before anybody is let in.",
            log.display()
        );
        db.close().await;
        return Ok(());
    }
    let erasures = erase::read(&log)?;
    let state = tool(config, db)?;
    let replayed = erasures::replay(&state, &erasures).await?;
    println!("{} accounts erased again, {} had nothing left.", replayed.erased, replayed.nothing_to_do);
    state.db.close().await;
    Ok(())
}

fn name(now: DateTime<Utc>) -> String {
    format!("{PREFIX}{}{SUFFIX}", now.format("%Y%m%dT%H%M%SZ"))
}

fn described(totals: &Totals) -> String {
    format!(
        "{} rows of {} tables, {} documents ({})",
        HumanCount(totals.rows()),
        totals.tables.len(),
        HumanCount(totals.files),
        HumanBytes(totals.bytes)
    )
}

/// Leaves the newest archives of a directory. Their names sort as their instants do.
fn remove_oldest(directory: &Path, keep: usize) -> anyhow::Result<()> {
    let listed =
        std::fs::read_dir(directory).with_context(|| format!("{} cannot be read", directory.display()))?;
    let mut archives = Vec::new();
    for entry in listed {
        let name = entry?.file_name();
        let ours = name.to_str().filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        archives.extend(ours.map(str::to_owned));
    }
    archives.sort_unstable();
    let surplus = archives.len().saturating_sub(keep);
    for name in archives.iter().take(surplus) {
        std::fs::remove_file(directory.join(name)).with_context(|| format!("{name} cannot be removed"))?;
        println!("{name} is removed: {keep} are kept.");
    }
    Ok(())
}

/// Tells a person at a terminal how far it has come.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{spinner} {msg}: {pos}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self(ProgressBar::no_length().with_style(style))
    }
}

impl Progress for Bar {
    fn at(&mut self, what: &str, done: u64) {
        if self.0.message() != what {
            self.0.set_message(what.to_owned());
        }
        self.0.set_position(done);
    }
}
