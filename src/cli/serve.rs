use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};

use super::connect;
use crate::{
    app,
    clock::Clock,
    config::Config,
    db::{self, Db},
    launch::{launch, validate},
    server::{self, Shutdown},
    telemetry::{self, LogFormat},
};

/// Longest wait for the connections to the database at the end.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// Connections that wait to be accepted, at most.
const BACKLOG: u32 = 1024;

/// Serves until told to stop.
///
/// # Errors
/// When a setting is missing, the database is away or not migrated, the port is taken, or a
/// background task fails.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let format = if config.is_development() { LogFormat::Human } else { LogFormat::Json };
    telemetry::init(format, &config.log_level)?;
    validate(&config)?;
    let db = connect(&config).await?;
    prepare(&config, &db).await?;
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    listen(config, db, shutdown, |_| {}).await
}

/// Migrates when asked to; otherwise refuses a database that is behind.
async fn prepare(config: &Config, db: &Db) -> anyhow::Result<()> {
    if config.migrate_on_start {
        let report = db::migrate(db).await?;
        tracing::info!(applied = report.applied.len(), "the database is migrated");
        return Ok(());
    }
    let pending = db::pending(db).await?;
    anyhow::ensure!(
        pending.is_empty(),
        "{} migrations are pending ({}…): run `staka migrate`, or set MIGRATE_ON_START=true",
        pending.len(),
        pending.first().map_or("", String::as_str)
    );
    Ok(())
}

/// Listens and serves; `ready` is told the port before the first request.
pub(super) async fn listen(
    config: Config,
    db: Db,
    shutdown: Shutdown,
    ready: impl FnOnce(u16),
) -> anyhow::Result<()> {
    let address = config.listen;
    let taken = || format!("{address} cannot be listened on");
    let socket = bind(address).with_context(taken)?;
    let port = socket.local_addr()?.port();
    let metrics = telemetry::prometheus()?;
    let launched = launch(config, db.clone(), Clock::system(), port, &shutdown, metrics).await?;
    // On a workstation nobody listens to the clock, and everybody waits for the start.
    if !launched.state.config.is_development() {
        let refusal = launched.state.passwords.measure().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        tracing::info!(refusal_ms = refusal.as_millis(), "refused logins all take the same time");
    }
    let listener: TcpListener = socket.listen(BACKLOG).with_context(taken)?;
    tracing::info!(port, "listening");
    ready(port);
    let settings = app::listener_settings(&launched.state).within_descriptors();
    let app = launched.start(&shutdown);
    server::serve(listener, app, settings, shutdown).await?;
    // Every request has ended well: the connections are back, or about to be. Work that was given up may hold one for
    // as long as the database does not answer, and the end of the process ends it too.
    if tokio::time::timeout(CLOSE_LIMIT, db.close()).await.is_err() {
        tracing::warn!("connections to the database were not given back in time");
    }
    Ok(())
}

/// Takes the address. Nobody can connect before it listens, when all is ready.
fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // What the last run's connections leave behind holds no restart up. A port of the system's choice is nobody else's.
    socket.set_reuseaddr(address.port() != 0)?;
    socket.bind(address)?;
    Ok(socket)
}
