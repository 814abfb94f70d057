use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{connect, tool};
use crate::{
    app::AppState,
    audit::{
        SYSTEM,
        chain::{self, Anchor, Report},
        export::{self, Format},
        service::{self, Asked},
        store::{self, Filter},
    },
    config::{Config, Vars},
};

/// What to do with the audit log.
#[derive(Subcommand)]
pub enum Command {
    /// Compare the whole log with its seals: exit status 1 when anything was changed, removed, added or reordered
    Verify(Verify),
    /// Write the log, or some days of it
    Export(Export),
}

/// How to verify.
#[derive(Args)]
pub struct Verify {
    /// A seal as the server's log, or an earlier run, told it: NUMBER:HASH; may be given several times
    #[arg(long, value_name = "NUMBER:HASH")]
    anchor: Vec<Anchor>,
}

/// What to export.
#[derive(Args)]
pub struct Export {
    /// First day, in France: 2026-03-09
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Last day, itself included
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// How to write it
    #[arg(long, value_enum, default_value = "csv")]
    format: FileFormat,
    /// Where to; standard output without it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FileFormat {
    Csv,
    Json,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Json => Self::Json,
        }
    }
}

/// Verifies or exports the audit log.
///
/// # Errors
/// When the database is away, the file cannot be written, or the log is not what was sealed.
pub async fn run(command: Command, vars: Vars) -> anyhow::Result<()> {
    let config = Config::load_for_tools(vars)?;
    let db = connect(&config).await?;
    let state = tool(config, db)?;
    let outcome = match &command {
        Command::Verify(verify) => check(&state, verify).await,
        Command::Export(export) => write(&state, export).await,
    };
    state.db.close().await;
    outcome
}

fn bar(length: u64) -> ProgressBar {
    ProgressBar::new(length).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} rows, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

async fn check(state: &AppState, how: &Verify) -> anyhow::Result<()> {
    let progress = bar(0);
    let report = chain::verify(&state.db, &how.anchor, |done, of| {
        progress.set_length(of);
        progress.set_position(done);
    })
    .await?;
    progress.finish_and_clear();
    tell(&report);
    let findings = report.findings.len();
    anyhow::ensure!(findings == 0, "the audit log is not what was sealed ({findings} findings)");
    Ok(())
}

fn tell(report: &Report) {
    println!("{} rows in {} seals, {} of them cleaned up.", report.rows, report.seals, report.purged);
    println!("{} rows wait for their seal.", report.waiting);
    if let Some((seal, hash)) = &report.last {
        println!("Last seal, to be kept elsewhere: {seal}:{hash}");
    }
    for finding in &report.findings {
        println!("FOUND: {finding}");
    }
}

async fn write(state: &AppState, how: &Export) -> anyhow::Result<()> {
    let format = Format::from(how.format);
    let days = Filter { first: how.from, last: how.to, ..Filter::default() };
    let query = json!({ "dateFrom": how.from, "dateTo": how.to });
    let asked = Asked { filter: days, action: None, query };
    let filter = service::exporting(state, SYSTEM, format.name(), asked)
        .await
        .map_err(|error| anyhow::anyhow!("the export cannot be put on record ({})", error.code()))?;
    let total = store::count(&mut *state.db.conn().await?, &filter).await?;
    let mut out: Box<dyn Write> = match &how.output {
        Some(path) => {
            let file = std::fs::File::create(path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Box::new(io::BufWriter::new(file))
        }
        None => Box::new(io::stdout().lock()),
    };
    let progress = bar(total);
    let mut pieces = Box::pin(export::stream(state.db.clone(), filter, format));
    while let Some(piece) = pieces.next().await {
        let (bytes, rows) = piece.context("the export ends before its end")?;
        out.write_all(&bytes).context("the export cannot be written")?;
        progress.inc(rows);
    }
    out.write_all(b"\n").and_then(|()| out.flush()).context("the export cannot be written")?;
    progress.finish_and_clear();
    eprintln!("{} rows.", progress.position());
    Ok(())
}
