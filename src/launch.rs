//! Putting a server together from its settings: components, routes and background work. What serves
//! production serves the tests.

use anyhow::Context;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    app::{self, AppState, SIMULATOR_PATH, Surroundings},
    audit, auth, checkout,
    clock::Clock,
    commandes,
    config::Config,
    consultations,
    db::Db,
    dev::{
        site,
        stripe::{Settings, Simulator},
    },
    emails::{self, transport::Transport, worker::Worker},
    exports,
    files::{self, storage::Storage},
    http::layers::App,
    invoices,
    jobs::Scheduler,
    notifications, pages, payments, privacy, public,
    server::Shutdown,
    stats, telemetry, withdrawals,
};

/// A server ready to listen.
pub struct Launched {
    /// Its components.
    pub state: AppState,
    /// Its routes within their layers.
    pub app: App,
    /// Sends the mails of the outbox.
    pub mails: Worker,
    /// Repeats the jobs.
    pub scheduler: Scheduler,
    /// Plays Stripe, in development without a key.
    pub simulator: Option<Simulator>,
    metrics: PrometheusHandle,
}

/// Tries what the settings alone decide, so that a bad one is told before anything is begun.
///
/// # Errors
/// When a setting cannot be used.
pub fn validate(config: &Config) -> anyhow::Result<()> {
    Transport::validate(&config.mail)?;
    app::gateway(config, 0)?;
    Storage::new(&config.storage).context("STORAGE_URL cannot be used")?;
    Ok(())
}

/// Puts a server together. `port` is where it will listen.
///
/// # Errors
/// When a setting cannot be used or the database refuses.
pub async fn launch(
    config: Config,
    db: Db,
    clock: Clock,
    port: u16,
    shutdown: &Shutdown,
    metrics: PrometheusHandle,
) -> anyhow::Result<Launched> {
    let transport = Transport::from_settings(&config.mail, &db).await?;
    let simulator = simulator(&config, &db, &clock, port).await?;
    let surroundings = Surroundings {
        clock,
        transport: transport.clone(),
        shutdown: shutdown.clone(),
        metrics: metrics.clone(),
        port,
    };
    let state = AppState::assemble(config, db, surroundings)?;
    state.storage.prepare().context("UPLOADS_DIR cannot be used")?;
    invoices::ensure_vat_regime(&state).await.context("the VAT regime cannot be read")?;
    commandes::references::fill(&state).await.context("orders cannot be given their references")?;
    let beside_api = stand_ins(&state, simulator.as_ref());
    Ok(Launched {
        app: app::build_app(&state, beside_api)?,
        mails: Worker::new(state.clone(), transport)?,
        scheduler: scheduler(&state),
        simulator,
        metrics,
        state,
    })
}

/// What plays the outside world in development: the payment pages, and the web application's when
/// nobody serves it.
fn stand_ins(state: &AppState, simulator: Option<&Simulator>) -> Router<AppState> {
    let mut routes = Router::new();
    if let Some(simulator) = simulator {
        routes = routes.nest(SIMULATOR_PATH, simulator.router());
    }
    if state.config.is_development() && state.config.spa_dir.is_none() {
        routes = routes.merge(site::router());
    }
    routes
}

async fn simulator(config: &Config, db: &Db, clock: &Clock, port: u16) -> anyhow::Result<Option<Simulator>> {
    let (true, Some(secret)) = (config.stripe.simulated(), config.stripe.webhook_secrets.first()) else {
        return Ok(None);
    };
    let simulator = Simulator::new(Settings {
        db: db.clone(),
        clock: clock.clone(),
        webhook_secret: secret.clone(),
        webhook_url: format!("http://127.0.0.1:{port}/payments/webhook"),
        public_base_url: format!("http://localhost:{port}"),
    });
    simulator.prepare().await?;
    Ok(Some(simulator))
}

/// Every job of the server.
pub fn scheduler(state: &AppState) -> Scheduler {
    let mut scheduler = Scheduler::new(state.clone());
    for schedule in [
        auth::jobs::schedule,
        emails::jobs::schedule,
        notifications::jobs::schedule,
        payments::jobs::schedule,
        checkout::jobs::schedule,
        commandes::jobs::schedule,
        consultations::jobs::schedule,
        files::jobs::schedule,
        exports::jobs::schedule,
        privacy::jobs::schedule,
        withdrawals::jobs::schedule,
        public::jobs::schedule,
        pages::jobs::schedule,
        stats::recount::schedule,
        audit::jobs::schedule,
    ] {
        schedule(&mut scheduler);
    }
    scheduler
}

impl Launched {
    /// Starts the background work, which ends with `shutdown`, and hands over the application.
    pub fn start(self, shutdown: &Shutdown) -> App {
        let stop = || shutdown.stopping();
        let (mails, mails_stop) = (self.mails, stop());
        shutdown.spawn("mails", async move {
            mails.run(mails_stop).await;
            Ok(())
        });
        shutdown.spawn("invoices", invoices::render::run(self.state.clone(), stop()));
        shutdown.spawn("exports", privacy::exporting::run(self.state, stop()));
        let (scheduler, jobs_stop) = (self.scheduler, stop());
        shutdown.spawn("jobs", async move {
            scheduler.run(jobs_stop).await;
            Ok(())
        });
        if let Some(simulator) = self.simulator {
            let retries_stop = stop();
            shutdown.spawn("simulated webhooks", async move {
                simulator.run_retries(retries_stop).await;
                Ok(())
            });
        }
        shutdown.spawn("metrics", telemetry::upkeep(self.metrics, stop()));
        self.app
    }
}
