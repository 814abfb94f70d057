use anyhow::Context;
use secrecy::ExposeSecret;

use super::connect;
use crate::{
    auth::Passwords,
    clock::Clock,
    config::{Config, SeedAccount, Vars},
    db::{self, Db},
    seeds,
};

/// Adds the initial content and accounts that are missing. Outside development an account needs a
/// password of its own (`SEED_*_PASSWORD`): the published ones open no production door.
///
/// # Errors
/// When the database is away, not migrated, or refuses.
pub async fn run(vars: Vars) -> anyhow::Result<()> {
    let config = Config::load_for_tools(vars)?;
    let db = connect(&config).await?;
    let pending = db::pending(&db).await?;
    anyhow::ensure!(
        pending.is_empty(),
        "{} migrations are pending: run `staka migrate` first",
        pending.len()
    );
    let added = apply(&db, &config).await?;
    println!("{added} rows added.");
    if !config.is_development() {
        for account in config.seeds.all().into_iter().filter(|account| !account.chosen) {
            eprintln!(
                "No account {}: set {} to a password of your own.",
                account.email, account.password_variable
            );
        }
    }
    db.close().await;
    Ok(())
}

/// Adds what is missing; tells how many rows that was.
pub(super) async fn apply(db: &Db, config: &Config) -> anyhow::Result<u64> {
    let passwords = Passwords::default();
    seeds::apply(db, config, &Clock::system(), &passwords)
        .await
        .context("the initial content cannot be written")
}

/// The password of an account whose operator chose none: it stands in the documentation.
pub(super) fn published_password(account: &SeedAccount) -> &str {
    account.password.expose_secret()
}
