//! The server, its database and the accounts of those who ask for streams.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use secrecy::SecretString;
use sqlx::{Connection, MySqlConnection, QueryBuilder};
use staka::{
    auth::{Role, SessionTokens},
    clock::{Clock, new_id},
    db::private_server::{Durability, PrivateServer},
};

use crate::process::{self, Server, free_address};

const SECRET: &str = "0123456789abcdefghijklmnopqrstuv of sieges";

/// Accounts written by one statement.
const BATCH: usize = 500;

/// Everything the siege needs.
pub struct Stage {
    pub server: Server,
    /// Sessions, one per account.
    pub tokens: Vec<String>,
    database: PrivateServer,
    _scratch: Scratch,
}

impl Stage {
    pub async fn set(accounts: usize) -> anyhow::Result<Self> {
        let scratch = Scratch::new()?;
        let database = PrivateServer::start(&scratch.0.join("db"), Durability::Scratch).await?;
        let (url, address) = (database.url("staka"), free_address()?);
        let program = |command: &str| program(command, &url, &scratch.0, address);
        process::run(program("migrate"))?;
        process::run(program("seed"))?;
        let tokens = sessions(&url, accounts).await?;
        let server = Server::start(program("serve"), address, &scratch.0.join("server.log")).await?;
        Ok(Self { server, tokens, database, _scratch: scratch })
    }

    /// Ends everything.
    pub async fn strike(self) -> anyhow::Result<()> {
        drop(self.server);
        Ok(self.database.stop().await?)
    }
}

async fn sessions(url: &str, accounts: usize) -> anyhow::Result<Vec<String>> {
    let mut conn = MySqlConnection::connect(url).await?;
    let (tokens, now) = (SessionTokens::new(&SecretString::from(SECRET)), Clock::system().now());
    let ids: Vec<_> = (0..accounts).map(|_| new_id()).collect();
    for ids in ids.chunks(BATCH) {
        let mut insert = QueryBuilder::new(
            "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, created_at, updated_at) ",
        );
        insert.push_values(ids, |mut row, id| {
            row.push_bind(*id).push("'Zoé', 'Martin'").push_bind(email(id)).push("'!', 'USER', TRUE");
            row.push_bind(now).push_bind(now);
        });
        insert.build().execute(&mut conn).await?;
    }
    let issue = |id| Ok(tokens.issue(id, &email(&id), Role::User, 0, now)?);
    ids.into_iter().map(issue).collect()
}

fn email(id: &uuid::Uuid) -> String {
    format!("{}@example.com", id.simple())
}

/// The program, believing no one but this machine's first address about where others come from.
fn program(command: &str, url: &str, scratch: &Path, address: SocketAddr) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_staka"));
    process.arg(command).env_clear().envs([
        ("APP_ENV", "development"),
        ("BIND_ADDRESS", "127.0.0.1"),
        ("DATABASE_URL", url),
        ("JWT_SECRET", SECRET),
        ("STRIPE_WEBHOOK_SECRET", "whsec_of_sieges"),
        ("FRONTEND_URL", "http://localhost:3000"),
        ("TRUSTED_PROXIES", "127.0.0.1/32"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("UPLOADS_RESERVE_MB", "0"),
        ("LOG_LEVEL", "off"),
    ]);
    process.env("PORT", address.port().to_string()).env("UPLOADS_DIR", scratch.join("uploads"));
    process
}

/// A directory that goes when the siege ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("staka-siege-{}", new_id().simple()));
        std::fs::create_dir_all(path.join("uploads"))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
