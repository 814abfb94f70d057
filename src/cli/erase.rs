use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::{connect, tool};
use crate::{
    config::{Config, Vars},
    privacy::erasures::{self, Erasure},
};

/// Erasures of accounts, after a backup was restored
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Erase {
    /// Erase again the accounts that this file of erasures names
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Print the erasures this database knows of, as such a file
    #[arg(long)]
    list: bool,
}

/// Lists erasures, or erases again what a restored backup brought back.
///
/// # Errors
/// When the file cannot be read, or the database is away.
pub async fn run(erase: &Erase, vars: Vars) -> anyhow::Result<()> {
    let config = Config::load_for_tools(vars)?;
    let named = match &erase.replay {
        Some(path) => Some(read(path)?),
        None => None,
    };
    let db = connect(&config).await?;
    match named {
        Some(erasures) => replay(config, db, &erasures).await,
        None => list(db).await,
    }
}

async fn list(db: crate::db::Db) -> anyhow::Result<()> {
    for erasure in erasures::all(&mut *db.conn().await?).await? {
        println!("{}", erasure.line());
    }
    db.close().await;
    Ok(())
}

async fn replay(config: Config, db: crate::db::Db, erasures: &[Erasure]) -> anyhow::Result<()> {
    let state = tool(config, db)?;
    let replayed = erasures::replay(&state, erasures).await?;
    println!("{} accounts erased again, {} had nothing left.", replayed.erased, replayed.nothing_to_do);
    state.db.close().await;
    Ok(())
}

/// The erasures of a file. A line that was cut off names nobody.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Erasure>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut erasures = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match Erasure::read(line) {
            Some(erasure) => erasures.push(erasure),
            None => eprintln!("Line {number} is no erasure: passed over."),
        }
    }
    anyhow::ensure!(
        !erasures.is_empty() || text.trim().is_empty(),
        "{} is no file of erasures",
        path.display()
    );
    Ok(erasures)
}
