use std::{
    fs,
    io::{Read, Seek, Write},
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
        private_server::{Durability, PrivateServer, ServerError},
    },
    launch::validate,
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
        false => Some(Database::start(&directory.join("db")).await?),
    };
    let outcome = serve_with(vars, &directory, private.as_ref(), shutdown).await;
    if let Some(Database::Ours(server)) = private {
        server.stop().await?;
    }
    outcome
}

/// The private database of a workstation.
enum Database {
    /// Started by this run, and ends with it.
    Ours(Box<PrivateServer>),
    /// The URL of the one that another run holds.
    Anothers(String),
}

impl Database {
    async fn start(directory: &Path) -> anyhow::Result<Self> {
        eprintln!("Starting a private database in {}…", directory.display());
        match PrivateServer::start(directory, Durability::Kept).await {
            Ok(server) => Ok(Self::Ours(Box::new(server))),
            Err(ServerError::Busy(_)) => {
                eprintln!("Another run has it: this one shares it, and loses it when the other one ends.");
                Ok(Self::Anothers(PrivateServer::join(directory).await?))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Ours(server) => server.url("staka"),
            Self::Anothers(url) => url.clone(),
        }
    }
}

async fn serve_with(
    vars: Vars,
    directory: &Path,
    private: Option<&Database>,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let config = settings(vars, directory, private)?;
    telemetry::init(LogFormat::Human, &config.log_level)?;
    validate(&config)?;
    let db = connect(&config).await?;
    db::migrate(&db).await?;
    seed::apply(&db, &config).await?;
    let welcome = config.clone();
    serve::listen(config, db, shutdown, move |port| greet(&welcome, port)).await
}

/// The settings of development: those given, then what a workstation needs.
fn settings(vars: Vars, directory: &Path, private: Option<&Database>) -> anyhow::Result<Config> {
    let secret = secret(directory)?;
    let site = format!("http://localhost:{}", vars.get("PORT").unwrap_or("3000"));
    // Its passwords and its payments are everybody's: it is for this machine alone.
    let mut vars = vars
        .or_default("BIND_ADDRESS", "127.0.0.1")
        .or_default("FRONTEND_URL", site)
        .or_default("APP_ENV", "development")
        .or_default("JWT_SECRET", derived(&secret, "sessions"))
        .or_default("STRIPE_WEBHOOK_SECRET", format!("whsec_{}", derived(&secret, "webhooks")))
        .or_default("LOG_LEVEL", "staka=info,warn");
    if let Some(server) = private {
        vars = vars.or_default("DATABASE_URL", server.url());
    }
    Ok(Config::load(&vars)?)
}

/// A secret of this workstation, made once, so that sessions survive a restart. Of runs that start together one makes
/// it: the file is locked meanwhile.
fn secret(directory: &Path) -> anyhow::Result<String> {
    fs::create_dir_all(directory)?;
    let path = directory.join("secret");
    let failed = || format!("{} cannot be read and written", path.display());
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).with_context(failed)?;
    file.lock().with_context(failed)?;
    let mut secret = String::new();
    if file.read_to_string(&mut secret).is_ok() && secret.len() == 64 {
        return Ok(secret);
    }
    let secret = hex::encode(random_bytes::<32>());
    file.set_len(0).and_then(|()| file.rewind()).with_context(failed)?;
    file.write_all(secret.as_bytes()).with_context(failed)?;
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
