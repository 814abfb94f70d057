use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{connect, tool};
use crate::{
    commandes::references,
    config::{Config, Vars},
    import::{self, Options},
};

/// Where to move from
#[derive(Args)]
pub struct Import {
    /// The database of the former platform. In the variable its password is in no list of processes
    #[arg(long, value_name = "URL", env = "IMPORT_FROM", hide_env_values = true)]
    from: String,
    /// The directory of its uploads; without it no file is copied
    #[arg(long, value_name = "DIR")]
    uploads: Option<PathBuf>,
    /// Write nothing, report as if
    #[arg(long)]
    dry_run: bool,
}

/// Moves the former platform in.
///
/// # Errors
/// When it cannot, or a figure of the new database differs from the old one; nothing is then written.
pub async fn run(import: Import, vars: Vars) -> anyhow::Result<()> {
    let config = Config::load_for_tools(vars)?;
    if let Some(directory) = &import.uploads {
        anyhow::ensure!(directory.is_dir(), "--uploads {} is no directory", directory.display());
    }
    let db = connect(&config).await?;
    let state = tool(config, db)?;
    state.storage.prepare()?;
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let options = Options { from: import.from, uploads: import.uploads, dry_run: import.dry_run };
    let report = import::run(&state, &options, &|table, done, all| {
        bar.set_message(table);
        bar.set_length(all);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    let report = report?;
    print!("{}", report.text());
    if report.written {
        references::fill(&state).await?;
    }
    state.db.close().await;
    anyhow::ensure!(!report.differs(), "the figures above differ: nothing was written");
    println!("{}", if report.written { "Importé." } else { "Essai à blanc : rien n’a été écrit." });
    Ok(())
}
