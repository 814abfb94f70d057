use anyhow::ensure;
use clap::Args;

use super::connect;
use crate::{
    clock::{Clock, day_in_paris},
    config::{Config, ConfigError, Vars},
    doctor::{Finding, Health, database, legal, outside, settings},
};

/// What to look at.
#[derive(Args)]
pub struct Doctor {
    /// Also what the law wants to be true of the seller
    #[arg(long)]
    legal: bool,
}

/// Looks at everything a server of these settings needs, and says of each thing how it is and what to do. Nothing is
/// changed, nothing is sent.
///
/// # Errors
/// When something is bad.
pub async fn run(doctor: &Doctor, vars: &Vars) -> anyhow::Result<()> {
    let found = match Config::load(vars) {
        Ok(config) => examined(doctor, &config).await,
        Err(error) => vec![unreadable(&error)],
    };
    for finding in &found {
        println!("{finding}");
    }
    let count = |health| found.iter().filter(|finding| finding.health == health).count();
    let (bad, doubtful) = (count(Health::Bad), count(Health::Doubtful));
    ensure!(bad == 0, "{bad} to mend, {doubtful} to know of");
    println!("Nothing to mend, {doubtful} to know of.");
    Ok(())
}

async fn examined(doctor: &Doctor, config: &Config) -> Vec<Finding> {
    let clock = Clock::system();
    let mut found = vec![Finding::good("settings", "complete")];
    found.extend(settings::findings(config));
    match connect(config).await {
        Ok(db) => match database::findings(config, &db, &clock).await {
            Ok(seen) => found.extend(seen),
            Err(error) => found.push(database::away(&error.into())),
        },
        Err(error) => found.push(database::away(&error)),
    }
    found.extend(outside::findings(config).await);
    if doctor.legal {
        found.extend(legal::findings(config, day_in_paris(clock.now())));
    }
    found
}

fn unreadable(error: &ConfigError) -> Finding {
    Finding::bad(
        "settings",
        error.to_string(),
        "Mend it and ask again: the others are looked at then (.env.example).",
    )
}
