//! Is the server there, alive, ready, healthy; and its metrics.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::client_ip::{ClientIp, TrustedProxies};
use super::error::{ApiError, ApiResult, ErrorBody};
use crate::clock::Clock;
use crate::server::Shutdown;

/// Longest time one component may take to answer.
const PROBE_BUDGET: Duration = Duration::from_secs(1);

/// How long a result stands before the components are asked again.
const PROBE_LIFETIME: Duration = Duration::from_secs(5);

/// Asks one component whether it works.
pub type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// Makes a [`Probe`] of an async closure.
pub fn probe<F, Fut>(ask: F) -> Probe
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    Arc::new(move || Box::pin(ask()))
}

/// How each component is asked.
#[derive(Clone)]
pub struct HealthProbes {
    /// The database answers a query.
    pub database: Probe,
    /// The payment provider answers.
    pub stripe: Probe,
    /// The mail relay answers, or mails are kept here in development.
    pub email: Probe,
    /// A file can be written and read back.
    pub storage: Probe,
    /// No migration is pending.
    pub migrated: Probe,
}

/// What the system routes need.
#[derive(Clone)]
pub struct SystemState(Arc<Inner>);

struct Inner {
    probes: HealthProbes,
    metrics: PrometheusHandle,
    proxies: TrustedProxies,
    shutdown: Shutdown,
    clock: Clock,
    started: Instant,
    last: Mutex<Option<(Instant, Findings)>>,
}

/// What the probes found, component by component.
#[derive(Debug, Clone, Copy)]
struct Findings {
    services: Services,
    migrated: bool,
}

/// The state of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceStatus {
    /// It answered.
    Ok,
    /// It failed, or did not answer within a second.
    Error,
}

/// The components, probed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Services {
    /// The database.
    pub database: ServiceStatus,
    /// The payment provider.
    pub stripe: ServiceStatus,
    /// The mail relay.
    pub email: ServiceStatus,
    /// The file storage.
    pub storage: ServiceStatus,
}

/// The answer of `GET /health`.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthReport {
    /// `error` when the database or the storage fails.
    pub status: ServiceStatus,
    /// When the report was made, ISO-8601 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: String,
    /// Seconds since the start.
    pub uptime: f64,
    /// The components.
    pub services: Services,
}

/// The answer of `GET /public/health`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicHealth {
    /// Always `ok`: the process answers.
    pub status: ServiceStatus,
    /// When the answer was made, ISO-8601 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: String,
    /// Seconds since the start.
    pub uptime: f64,
    /// Which service answers.
    pub service: &'static str,
}

/// A status and nothing else.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// `ok` or `error`.
    pub status: ServiceStatus,
}

/// The answer of `GET /`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Banner {
    /// A greeting.
    pub message: &'static str,
}

impl SystemState {
    /// The state of a server that starts now.
    pub fn new(
        probes: HealthProbes,
        metrics: PrometheusHandle,
        proxies: TrustedProxies,
        shutdown: Shutdown,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner {
            probes,
            metrics,
            proxies,
            shutdown,
            clock,
            started: Instant::now(),
            last: Mutex::new(None),
        }))
    }

    /// The last findings, or new ones when they are too old. The lock makes late comers wait for one probe
    /// rather than start their own.
    async fn findings(&self) -> Findings {
        let mut last = self.0.last.lock().await;
        if let Some((_, findings)) = last.filter(|(when, _)| when.elapsed() < PROBE_LIFETIME) {
            return findings;
        }
        let findings = self.0.probes.ask().await;
        *last = Some((Instant::now(), findings));
        findings
    }

    fn timestamp(&self) -> String {
        iso(self.0.clock.now())
    }

    fn uptime(&self) -> f64 {
        self.0.started.elapsed().as_secs_f64()
    }
}

impl HealthProbes {
    async fn ask(&self) -> Findings {
        let (database, stripe, email, storage, migrated) = tokio::join!(
            ask("database", &self.database),
            ask("stripe", &self.stripe),
            ask("email", &self.email),
            ask("storage", &self.storage),
            ask("migrations", &self.migrated),
        );
        let migrated = migrated == ServiceStatus::Ok;
        Findings { services: Services { database, stripe, email, storage }, migrated }
    }
}

async fn ask(name: &str, probe: &Probe) -> ServiceStatus {
    let failure = match tokio::time::timeout(PROBE_BUDGET, probe()).await {
        Ok(Ok(())) => return ServiceStatus::Ok,
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => "no answer within a second".to_owned(),
    };
    tracing::warn!(component = name, failure, "health probe failed");
    ServiceStatus::Error
}

impl Services {
    /// Without the database or the files nothing can be done; mails and payments can wait.
    fn overall(&self) -> ServiceStatus {
        match (self.database, self.storage) {
            (ServiceStatus::Ok, ServiceStatus::Ok) => ServiceStatus::Ok,
            _ => ServiceStatus::Error,
        }
    }
}

/// The routes of this module.
pub fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    SystemState: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(banner))
        .routes(routes!(health))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(public_health))
        .routes(routes!(metrics))
}

/// Greeting.
#[utoipa::path(get, path = "/", tag = "System", responses((status = 200, body = Banner)))]
async fn banner() -> Json<Banner> {
    Json(Banner { message: "Bienvenue sur l'API de Staka Livres." })
}

/// State of the server and of what it depends on.
#[utoipa::path(get, path = "/health", tag = "System", responses(
    (status = 200, body = HealthReport, description = "The database and the storage work"),
    (status = 503, body = HealthReport, description = "The database or the storage fails"),
))]
async fn health(State(state): State<SystemState>) -> Response {
    let services = state.findings().await.services;
    let report = HealthReport {
        status: services.overall(),
        timestamp: state.timestamp(),
        uptime: state.uptime(),
        services,
    };
    answer(report.status, report)
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "System", responses((status = 200, body = Status)))]
async fn live() -> Response {
    answer(ServiceStatus::Ok, Status { status: ServiceStatus::Ok })
}

/// The server is migrated, connected and not shutting down: traffic may be sent to it.
#[utoipa::path(get, path = "/health/ready", tag = "System", responses(
    (status = 200, body = Status),
    (status = 503, body = Status),
))]
async fn ready(State(state): State<SystemState>) -> Response {
    let findings = state.findings().await;
    let connected = findings.services.database == ServiceStatus::Ok;
    let ready = connected && findings.migrated && !state.0.shutdown.is_stopping();
    let status = if ready { ServiceStatus::Ok } else { ServiceStatus::Error };
    answer(status, Status { status })
}

/// The service answers; nothing is probed.
#[utoipa::path(get, path = "/public/health", tag = "System", responses((status = 200, body = PublicHealth)))]
async fn public_health(State(state): State<SystemState>) -> Response {
    let report = PublicHealth {
        status: ServiceStatus::Ok,
        timestamp: state.timestamp(),
        uptime: state.uptime(),
        service: "staka-backend",
    };
    answer(ServiceStatus::Ok, report)
}

/// Metrics in the Prometheus text format, for this machine and the trusted networks.
#[utoipa::path(get, path = "/metrics", tag = "System", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 404, body = ErrorBody, description = "The caller is a stranger"),
))]
async fn metrics(State(state): State<SystemState>, ClientIp(ip): ClientIp) -> ApiResult<Response> {
    if !ip.is_loopback() && !state.0.proxies.contains(ip) {
        return Err(ApiError::not_found("Cette adresse n'existe pas."));
    }
    let text = state.0.metrics.render();
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn answer<T: Serialize>(status: ServiceStatus, body: T) -> Response {
    let code = match status {
        ServiceStatus::Ok => StatusCode::OK,
        ServiceStatus::Error => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
