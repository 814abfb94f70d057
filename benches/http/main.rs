//! What a read costs the server, beside what the same statements cost a bare handler.
//!
//! A private database is filled with a [data set](data), the real program serves it in production mode, and so does a
//! [floor](floor): the same statements over a pool of the same size, the same number of bytes, nothing else. The two are
//! driven in turn, in short slices, so that whatever else the machine does falls on both; what is compared first of all
//! is processor time, which depends least on it.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    reason = "a measuring program plays the outside world and speaks to whoever started it"
)]

mod data;
mod floor;
mod load;
mod process;
mod reads;
mod report;
mod run;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};

/// Measures the server beside a bare handler. Loopback only, a few minutes at most.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// The bare handlers; started by the program itself
    Floor(floor::Arguments),
}

/// How long and how hard to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Size of the data set: s (1 000 users), m (100 000), l (1 000 000)
    #[arg(long, value_enum, default_value = "s")]
    size: data::Size,
    /// Requests at the same time
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// Pairs of slices per read
    #[arg(long, default_value_t = 9)]
    slices: usize,
    /// Length of a slice, in milliseconds
    #[arg(long, default_value_t = 500)]
    slice_ms: u64,
    /// Only reads whose path contains this
    #[arg(long)]
    only: Option<String>,
    /// Another program than the one just built
    #[arg(long, default_value = env!("CARGO_BIN_EXE_staka"))]
    program: PathBuf,
    /// Measure against this empty database rather than a private one
    #[arg(long)]
    database_url: Option<String>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn slice(&self) -> Duration {
        Duration::from_millis(self.slice_ms)
    }
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Floor(arguments)) => {
            // As many threads as the server has.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(floor::serve(arguments))
        }
        None => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(run::run(&cli.options))
        }
    }
}
