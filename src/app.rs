//! What every part of the running server shares, how it is put together, and the application made
//! of it: the same in production and in tests.

use std::{ops::Deref, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{extract::FromRef, http::HeaderValue};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;

use crate::{
    auth::{Passwords, Sessions},
    clock::{Clock, new_id},
    config::Config,
    db::{self, Db},
    emails::{self, transport::Transport},
    events::{self, Bus, Recorder},
    faq,
    files::{guard::Guard, storage::Storage},
    http::{
        RateLimits, TrustedProxies,
        context::Edge,
        layers::{self, App, LayerSettings},
        limits::{layer::GeneralLimit, network_of},
        list::Totals,
        system::{HealthProbes, SystemState, probe},
    },
    links::SignedLinks,
    messages,
    notifications::{self, Streams},
    pages,
    payments::stripe::StripeGateway,
    router,
    server::{Counted, ServerSettings, Shutdown},
    stats,
    tarifs::PriceList,
    users,
};

/// Longest time an ordinary request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the simulated Stripe answers, below our own address.
pub const SIMULATOR_PATH: &str = "/dev/stripe";

/// The components of the server, one field each. Cheap to clone: every clone shares them.
#[derive(Clone)]
pub struct AppState(Arc<Components>);

/// One field per component.
pub struct Components {
    /// Settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Password hashing, bounded.
    pub passwords: Passwords,
    /// Session tokens and the short-lived cache of who they belong to.
    pub sessions: Sessions,
    /// Links that carry their own permission.
    pub links: SignedLinks,
    /// Uploaded and generated files.
    pub storage: Storage,
    /// The one door to Stripe.
    pub stripe: StripeGateway,
    /// How often the same person or address may do a thing.
    pub limits: RateLimits,
    /// The active tarifs, kept for a moment.
    pub tarifs: PriceList,
    /// The public questions, kept for a moment.
    pub faq: faq::Shelf,
    /// The public pages, kept for a moment.
    pub pages: pages::Shelf,
    /// How long the long lists are, kept for a moment.
    pub totals: Totals,
    /// The administrators' figures, kept for a moment.
    pub board: stats::Board,
    /// Wakes workers and open streams after a commit.
    pub bus: Bus,
    /// Open streams of notifications.
    pub streams: Streams,
    /// Opens the transactions that can record what happens in them.
    pub recorder: Recorder,
    /// Health and metrics.
    pub system: SystemState,
    /// The end of the program, which open streams must see.
    pub shutdown: Shutdown,
}

/// What surrounds a server: given by whoever starts it.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// How mails leave.
    pub transport: Transport,
    /// The end of the program.
    pub shutdown: Shutdown,
    /// The process's metrics.
    pub metrics: PrometheusHandle,
    /// Port we listen on, where the simulated Stripe is reached.
    pub port: u16,
}

impl AppState {
    /// Puts the components together.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn assemble(config: Config, db: Db, surroundings: Surroundings) -> anyhow::Result<Self> {
        let Surroundings { clock, transport, shutdown, metrics, port } = surroundings;
        let streams = Streams::new(&config.bounds);
        let bus = bus(&streams);
        let recorder = recorder(&config, &clock, &bus);
        let guard = config.storage.scanner.as_ref().map(|address| Guard::new(address, &recorder, &db));
        let storage = Storage::new(&config.storage).context("STORAGE_URL cannot be used")?.guarded(guard);
        let stripe = gateway(&config, port)?;
        let probes = probes(&db, &stripe, transport, &storage);
        let proxies = TrustedProxies::new(config.trusted_proxies.clone());
        Ok(Self(Arc::new(Components {
            passwords: Passwords::new(config.hashing.memory_kib, config.hashing.passes)?,
            sessions: Sessions::new(&config.jwt_secret),
            links: SignedLinks::new(&config.jwt_secret),
            limits: RateLimits::new(&config.rates, clock.clone()),
            tarifs: PriceList::default(),
            faq: faq::Shelf::default(),
            pages: pages::Shelf::default(),
            totals: Totals::default(),
            board: stats::Board::default(),
            recorder,
            bus,
            streams,
            system: SystemState::new(probes, metrics, proxies, shutdown.clone(), clock.clone()),
            shutdown,
            config,
            db,
            clock,
            storage,
            stripe,
        })))
    }

    /// Opens a transaction that can record what happens in it.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<events::Tx, sqlx::Error> {
        self.recorder.begin(&self.db).await
    }
}

impl Deref for AppState {
    type Target = Components;

    fn deref(&self) -> &Components {
        &self.0
    }
}

impl FromRef<AppState> for SystemState {
    fn from_ref(state: &AppState) -> Self {
        state.system.clone()
    }
}

/// The bus; open streams are told of what concerns them by it, rather than listen to everything.
fn bus(streams: &Streams) -> Bus {
    let streams = streams.clone();
    Bus::dispatching(move |hint| streams.wake(hint))
}

/// Who hears of what happens: bells, then mails, then the conversations of whoever proved an address.
fn recorder(config: &Config, clock: &Clock, bus: &Bus) -> Recorder {
    let post = emails::Post { team_email: config.mail.admin_email.clone() };
    let listeners: Vec<Box<dyn events::Listener>> =
        vec![Box::new(notifications::Bells), Box::new(post), Box::new(messages::Joining)];
    Recorder::new(clock.clone(), bus.clone(), users::Directory, listeners)
}

/// Stripe's API, or our own simulator over the same HTTP.
pub(crate) fn gateway(config: &Config, port: u16) -> anyhow::Result<StripeGateway> {
    let simulator = format!("http://127.0.0.1:{port}{SIMULATOR_PATH}");
    let (key, url) = match &config.stripe.secret_key {
        Some(key) => (key.expose_secret(), config.stripe.api_url.as_deref()),
        None => ("sk_test_simulated", Some(config.stripe.api_url.as_deref().unwrap_or(&simulator))),
    };
    StripeGateway::new(key, url).context("the Stripe settings cannot be used")
}

fn probes(db: &Db, stripe: &StripeGateway, transport: Transport, storage: &Storage) -> HealthProbes {
    let (database, migrations, stripe, storage) = (db.clone(), db.clone(), stripe.clone(), storage.clone());
    HealthProbes {
        database: probe(move || {
            let db = database.clone();
            async move { Ok(db.ping().await?) }
        }),
        migrated: probe(move || {
            let db = migrations.clone();
            async move {
                let pending = db::pending(&db).await?;
                anyhow::ensure!(pending.is_empty(), "{} migrations are pending", pending.len());
                Ok(())
            }
        }),
        stripe: probe(move || {
            let stripe = stripe.clone();
            async move { Ok(stripe.probe().await?) }
        }),
        email: probe(move || {
            let transport = transport.clone();
            async move { Ok(transport.probe().await?) }
        }),
        storage: probe(move || {
            let storage = storage.clone();
            async move { Ok(storage.probe().await?) }
        }),
    }
}

/// The whole application: the routes within their layers.
///
/// # Errors
/// When the API description cannot be written or an origin is no header value.
pub fn build_app(state: &AppState, extra: axum::Router<AppState>) -> anyhow::Result<App> {
    let (routes, _) = router::build(state.config.is_development());
    let routes = routes.merge(extra).with_state(state.clone());
    Ok(layers::apply(routes, &layer_settings(state)?))
}

/// Bounds of the listener: connections are counted per client, except those of the proxies that speak for all.
pub fn listener_settings(state: &AppState) -> ServerSettings {
    let proxies = TrustedProxies::new(state.config.trusted_proxies.clone());
    let counted = Counted::by(move |ip| (!proxies.contains(ip)).then(|| network_of(ip)));
    ServerSettings { counted, ..ServerSettings::default() }
}

fn layer_settings(state: &AppState) -> anyhow::Result<LayerSettings> {
    let config = &state.config;
    let origins = config.frontend_urls.iter().map(|origin| HeaderValue::from_str(origin));
    Ok(LayerSettings {
        edge: Edge {
            proxies: TrustedProxies::new(config.trusted_proxies.clone()),
            new_request_id: Arc::new(|| new_id().to_string()),
        },
        cors_origins: origins.collect::<Result<_, _>>().context("FRONTEND_URL")?,
        timeout: REQUEST_TIMEOUT,
        bounds: config.bounds.clone(),
        general_limit: GeneralLimit {
            limits: state.limits.clone(),
            identify: Arc::new(state.clone()),
            development: config.is_development(),
        },
        spa_dir: config.spa_dir.clone(),
    })
}
