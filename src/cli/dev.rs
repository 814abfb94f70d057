use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{connect, seed, serve};
use crate::{
    clock::random_bytes,
    config::{Config, Vars},
    db::{
        self,
        private_server::{Durability, PrivateServer},
    },
    mac,
    server::Shutdown,
    telemetry::{self, LogFormat},
};

/// Serves in development: a private database unless one is given, migrated and seeded; a mailbox and
/// a simulated Stripe instead of the real ones.
///
/// # Errors
/// When no database server is installed, or a part cannot start.
pub async fn run(vars: Vars) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let directory = PathBuf::from(vars.get("STAKA_VAR_DIR").unwrap_or("var"));
    let private = match vars.has("DATABASE_URL") {
        true => None,
        false => Some(start_database(&directory).await?),
    };
    let outcome = serve_with(vars, &directory, private.as_ref(), shutdown).await;
    if let Some(database) = private {
        database.stop().await?;
    }
    outcome
}

async fn start_database(directory: &Path) -> anyhow::Result<PrivateServer> {
    eprintln!("Starting a private database in {}…", directory.join("db").display());
    Ok(PrivateServer::start(&directory.join("db"), Durability::Kept).await?)
}

async fn serve_with(
    vars: Vars,
    directory: &Path,
    private: Option<&PrivateServer>,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let config = settings(vars, directory, private)?;
    telemetry::init(LogFormat::Human, &config.log_level)?;
    let db = connect(&config).await?;
    db::migrate(&db).await?;
    seed::apply(&db, &config).await?;
    let welcome = config.clone();
    serve::listen(config, db, shutdown, move |port| greet(&welcome, port)).await
}

/// The settings of development: those given, then what a workstation needs.
fn settings(vars: Vars, directory: &Path, private: Option<&PrivateServer>) -> anyhow::Result<Config> {
    let secret = secret(directory)?;
    let site = format!("http://localhost:{}", vars.get("PORT").unwrap_or("3000"));
    let mut vars = vars
        .or_default("FRONTEND_URL", site)
        .or_default("APP_ENV", "development")
        .or_default("JWT_SECRET", derived(&secret, "sessions"))
        .or_default("STRIPE_WEBHOOK_SECRET", format!("whsec_{}", derived(&secret, "webhooks")))
        .or_default("LOG_LEVEL", "staka=info,warn");
    if let Some(server) = private {
        vars = vars.or_default("DATABASE_URL", server.url("staka"));
    }
    Ok(Config::load(&vars)?)
}

/// A secret of this workstation, made once, so that sessions survive a restart.
fn secret(directory: &Path) -> anyhow::Result<String> {
    fs::create_dir_all(directory)?;
    let path = directory.join("secret");
    if let Ok(secret) = fs::read_to_string(&path)
        && secret.len() == 64
    {
        return Ok(secret);
    }
    let secret = hex::encode(random_bytes::<32>());
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(secret.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(secret)
}

fn derived(secret: &str, purpose: &str) -> String {
    hex::encode(mac::derive(secret.as_bytes(), purpose.as_bytes()))
}

fn greet(config: &Config, port: u16) {
    let base = format!("http://localhost:{port}");
    let seeds = &config.seeds;
    println!("\n  Staka Livres is running (development). Ctrl-C stops it.\n");
    println!("    API        {base}/api        health: {base}/health");
    println!("    Reference  {base}/docs       document: {base}/openapi.json");
    println!("    Mailbox    {base}/dev/mailbox");
    if config.stripe.simulated() {
        println!(
            "    Payments   simulated; each order answers a checkoutUrl below {base}/dev/stripe/checkout/"
        );
    }
    println!("\n  Accounts");
    for (who, account) in
        [("admin", &seeds.admin), ("author", &seeds.client), ("corrector", &seeds.corrector)]
    {
        let password = if account.chosen { "(SEED_* password)" } else { seed::published_password(account) };
        println!("    {who:10} {:26} {password}", account.email);
    }
    println!();
}
