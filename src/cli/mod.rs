//! The command line: one file per command.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to whoever typed it")]

mod admin;
mod audit;
mod backup;
mod dev;
mod doctor;
mod erase;
mod health;
mod import;
mod migrate;
mod openapi;
mod secrets;
mod seed;
mod serve;
mod stripe;

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    app::{AppState, Surroundings},
    clock::Clock,
    config::{Config, Vars},
    db::{Db, PoolSettings},
    emails::transport::{Mailbox, Transport},
    server::Shutdown,
    telemetry,
};
use secrecy::ExposeSecret;

/// REST API server of Staka Livres.
#[derive(Parser)]
#[command(name = "staka", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default when DATABASE_URL is set); settings come from the environment
    Serve,
    /// Serve in development, with a private database unless DATABASE_URL is set (the default without it)
    Dev,
    /// Apply the pending migrations
    Migrate,
    /// Add the initial content and accounts that are missing; never deletes or changes any
    Seed,
    /// Print the API description (OpenAPI 3.1)
    Openapi,
    /// Ask the server on this machine whether it is alive, or ready to serve: exit status 0 if so
    Health(health::Health),
    /// Write everything, rows and documents, into one archive, while the server serves
    Backup(backup::Backup),
    /// Put back what an archive holds, into an empty database
    Restore(backup::Restore),
    /// Erase again what a restored backup brought back
    Erase(erase::Erase),
    /// Look at everything a server of these settings needs, and say what to mend: exit status 0 if nothing
    Doctor(doctor::Doctor),
    /// Secrets
    Secrets {
        #[command(subcommand)]
        command: secrets::Command,
    },
    /// Move the database and the files of the former platform into a new, migrated, empty database
    Import(import::Import),
    /// Administrators
    Admin {
        #[command(subcommand)]
        command: admin::Command,
    },
    /// The audit log
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// Stripe
    Stripe {
        #[command(subcommand)]
        command: stripe::Command,
    },
}

/// Longest wait for the blocking threads at the end.
const THREADS_LIMIT: Duration = Duration::from_secs(1);

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let vars = Vars::from_env();
    let default = if vars.has("DATABASE_URL") { Command::Serve } else { Command::Dev };
    match run(cli.command.unwrap_or(default), vars) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("staka: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, vars: Vars) -> anyhow::Result<()> {
    match &command {
        Command::Openapi => return openapi::run(),
        Command::Secrets { command } => return secrets::run(command),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Serve => serve::run(Config::load(&vars)?).await,
            Command::Dev => dev::run(vars).await,
            Command::Migrate => migrate::run(vars).await,
            Command::Seed => seed::run(vars).await,
            Command::Openapi => openapi::run(),
            Command::Health(health) => health::run(&health, &vars).await,
            Command::Backup(backup) => backup::make(&backup, vars).await,
            Command::Restore(restore) => backup::restore(&restore, vars).await,
            Command::Erase(erase) => erase::run(&erase, vars).await,
            Command::Doctor(doctor) => doctor::run(&doctor, &vars).await,
            Command::Secrets { command } => secrets::run(&command),
            Command::Import(import) => import::run(import, vars).await,
            Command::Admin { command } => admin::run(command, vars).await,
            Command::Audit { command } => audit::run(command, vars).await,
            Command::Stripe { command } => stripe::run(command, vars).await,
        }
    });
    // A thread that waits for a disk or a password hash holds nothing up.
    runtime.shutdown_timeout(THREADS_LIMIT);
    outcome
}

/// Connects to the configured database.
async fn connect(config: &Config) -> anyhow::Result<Db> {
    let mut settings = PoolSettings::default();
    if let Some(max) = config.database_max_connections {
        settings.max_connections = max;
    }
    Db::connect(config.database_url.expose_secret(), settings)
        .await
        .context("the database of DATABASE_URL cannot be reached")
}

/// What a command shares with a server, over a database.
fn tool(config: Config, db: Db) -> anyhow::Result<AppState> {
    let surroundings = Surroundings {
        clock: Clock::system(),
        // Nothing is sent: the mailbox's tables, which production does not have, are not made.
        transport: Transport::Mailbox(Mailbox::new(db.clone())),
        shutdown: Shutdown::new(),
        metrics: telemetry::prometheus()?,
        port: 0,
    };
    AppState::assemble(config, db, surroundings)
}
