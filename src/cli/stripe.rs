use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::{connect, tool};
use crate::{
    app::AppState,
    audit::SYSTEM,
    config::{Config, Vars},
    payments::catalogue::{self, Need, Synced},
    tarifs::lines::{self, Line},
};

/// What to do at Stripe.
#[derive(Subcommand)]
pub enum Command {
    /// Make Stripe's products and prices those of the price list
    Sync(Sync),
}

/// How to synchronise.
#[derive(Args)]
pub struct Sync {
    /// Only say what would be done: nothing is written, Stripe is not asked
    #[arg(long)]
    dry_run: bool,
    /// Say what is done about each line
    #[arg(long)]
    verbose: bool,
    /// Succeed even when some lines could not be synchronised
    #[arg(long)]
    force: bool,
}

/// Synchronises the price list with Stripe.
///
/// # Errors
/// When the database is away, or a line could not be synchronised and that matters.
pub async fn run(command: Command, vars: Vars) -> anyhow::Result<()> {
    let Command::Sync(how) = command;
    let config = Config::load_for_tools(vars)?;
    anyhow::ensure!(
        how.dry_run || !config.stripe.simulated(),
        "STRIPE_SECRET_KEY is not set: the simulated Stripe is part of the server, which synchronises by itself"
    );
    let db = connect(&config).await?;
    let state = tool(config, db)?;
    let lines = lines::all(&state).await?;
    println!("{} lines in the price list, {} of them sold.", lines.len(), sold(&lines));
    let outcome = match how.dry_run {
        true => {
            foresee(&lines);
            Ok(())
        }
        false => synchronise(&state, &lines, &how).await,
    };
    state.db.close().await;
    outcome
}

fn sold(lines: &[Line]) -> usize {
    lines.iter().filter(|line| line.actif).count()
}

fn foresee(lines: &[Line]) {
    for (need, what) in [
        (Need::Create, "would be created"),
        (Need::Update, "would be updated"),
        (Need::Disable, "would be disabled"),
        (Need::Skip, "need nothing"),
    ] {
        let concerned: Vec<_> = lines.iter().filter(|line| Need::of(line) == need).collect();
        println!("{} {what}", concerned.len());
        for line in concerned {
            println!("  {} ({})", line.nom, line.prix_formate);
        }
    }
}

async fn synchronise(state: &AppState, lines: &[Line], how: &Sync) -> anyhow::Result<()> {
    let progress = ProgressBar::new(lines.len() as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut all = Vec::new();
    for line in lines {
        progress.set_message(line.nom.clone());
        let synced = catalogue::sync(state, SYSTEM, line).await?;
        if how.verbose || synced.done.is_err() {
            progress.suspend(|| println!("{}", told(&synced)));
        }
        all.push(synced);
        progress.inc(1);
    }
    progress.finish_and_clear();
    let count = |need| all.iter().filter(|synced| synced.done == Ok(need)).count();
    let errors = all.iter().filter(|synced| synced.done.is_err()).count();
    println!(
        "{} created, {} updated, {} disabled, {} left alone, {errors} failed.",
        count(Need::Create),
        count(Need::Update),
        count(Need::Disable),
        count(Need::Skip)
    );
    let known = |known: fn(&Synced) -> bool| all.iter().filter(|synced| known(synced)).count();
    println!(
        "Stripe knows the products of {} of {}, and the prices of {}.",
        known(|synced| synced.product_id.is_some()),
        all.len(),
        known(|synced| synced.price_id.is_some())
    );
    anyhow::ensure!(errors == 0 || how.force, "{errors} lines could not be synchronised");
    Ok(())
}

fn told(synced: &Synced) -> String {
    let what = match &synced.done {
        Ok(Need::Create) => "created".to_owned(),
        Ok(Need::Update) => "updated".to_owned(),
        Ok(Need::Disable) => "disabled".to_owned(),
        Ok(Need::Skip) => "left alone".to_owned(),
        Err(failure) => format!("failed: {failure}"),
    };
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
    format!("{}: {what} (product {}, price {})", synced.nom, id(&synced.product_id), id(&synced.price_id))
}
