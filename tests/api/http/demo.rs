//! A router with one route per thing to prove, behind the whole stack.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use reqwest::{Client, Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use staka::clock::Clock;
use staka::http::context::Edge;
use staka::http::error::{ApiError, ApiResult};
use staka::http::extract::{
    ApiJson, ApiMultipart, ApiQuery, JsonLimit, LongRunning, OptionalJson, PathId, StrictPathId,
};
use staka::http::layers::{self, LayerSettings};
use staka::http::limits::layer::{GeneralLimit, Identified, Identify};
use staka::http::limits::{RateLimitSettings, RateLimits};
use staka::http::{Bounds, ClientIp, TrustedProxies, cache};
use staka::server::{ServerSettings, Shutdown, serve};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;
use validator::Validate;

use crate::support::answer::send;

/// A running demonstration server.
pub struct Demo {
    pub base: String,
    pub client: Client,
    pub shutdown: Shutdown,
    pub gate: Arc<Gate>,
    pub serving: JoinHandle<anyhow::Result<()>>,
}

/// Lets a test hold a request inside its handler.
#[derive(Default)]
pub struct Gate {
    pub entered: Notify,
    pub open: Notify,
}

pub struct Options {
    pub timeout: Duration,
    pub server: ServerSettings,
    pub bounds: Bounds,
    pub limits: RateLimitSettings,
    pub clock: Clock,
    pub spa_dir: Option<PathBuf>,
    pub extra: Router,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            server: ServerSettings::default(),
            bounds: Bounds { requests: 64, ..Bounds::default() },
            limits: RateLimitSettings::disabled(),
            clock: Clock::system(),
            spa_dir: None,
            extra: Router::new(),
        }
    }
}

impl Demo {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let gate = Arc::new(Gate::default());
        let shutdown = Shutdown::new();
        let app = layers::apply(routes(Arc::clone(&gate)).merge(options.extra.clone()), &settings(&options));
        let serving = tokio::spawn(serve(listener, app, options.server, shutdown.clone()));
        Self { base, client: Client::new(), shutdown, gate, serving }
    }

    pub fn port(&self) -> u16 {
        self.base.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Sends, asserts the status and the envelope, and gives the body.
    pub async fn refused(&self, request: RequestBuilder, status: u16, code: &str) -> Value {
        send(request).await.refused(status, code).clone()
    }

    pub async fn json(&self, request: RequestBuilder) -> Value {
        send(request).await.ok(200).clone()
    }
}

fn settings(options: &Options) -> LayerSettings {
    LayerSettings {
        edge: Edge {
            proxies: TrustedProxies::private_ranges(),
            new_request_id: Arc::new(|| Uuid::new_v4().to_string()),
        },
        cors_origins: vec!["https://app.example".parse().unwrap(), "https://www.example".parse().unwrap()],
        timeout: options.timeout,
        bounds: options.bounds.clone(),
        general_limit: GeneralLimit {
            limits: RateLimits::new(&options.limits, options.clock.clone()),
            identify: Arc::new(TokenIsId),
            development: true,
        },
        spa_dir: options.spa_dir.clone(),
    }
}

/// In these tests a user's id is their token.
struct TokenIsId;

impl Identify for TokenIsId {
    fn identify<'a>(&'a self, headers: &'a HeaderMap, _: &'a mut Extensions) -> Identified<'a> {
        let token =
            headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        Box::pin(std::future::ready(token.and_then(|id| id.parse().ok())))
    }
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Thing {
    #[validate(length(min = 1, max = 10, message = "Le titre doit compter de 1 à 10 caractères."))]
    titre_court: String,
    quantite: u32,
    #[serde(default)]
    #[validate(nested)]
    lignes: Vec<Line>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
struct Line {
    #[validate(range(min = 1, message = "Le nombre de pages doit être positif."))]
    pages: i64,
}

#[derive(Debug, Default, Deserialize, Serialize, Validate)]
struct Note {
    note: Option<String>,
}

fn routes(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/plain", get(async || Json(json!({"ok": true}))))
        .route("/", get(async || Json(json!({"message": "bonjour"}))))
        .route(
            "/things",
            post(async |ApiJson(thing): ApiJson<Thing>| Json(json!(thing))).get(async || "things"),
        )
        .route(
            "/large",
            post(async |ApiJson(note): ApiJson<Note>| Json(json!(note))).layer(Extension(JsonLimit(4 << 20))),
        )
        .route("/optional", put(async |OptionalJson(note): OptionalJson<Note>| Json(json!(note))))
        .route("/query", get(async |ApiQuery(line): ApiQuery<Line>| Json(json!(line))))
        .route("/things/{id}", get(async |PathId(id): PathId| Json(json!({"id": id}))))
        .route("/strict/{id}", get(async |StrictPathId(id): StrictPathId| Json(json!({"id": id}))))
        .route("/form", post(form).layer(DefaultBodyLimit::max(10_000)))
        .route("/panic", get(panic))
        .route("/outage", get(async || -> ApiResult<()> { Err(sqlx::Error::PoolTimedOut.into()) }))
        .route(
            "/defect",
            get(async || -> ApiResult<()> { Err(sqlx::Error::Protocol("secret detail".into()).into()) }),
        )
        .route(
            "/absent",
            get(async || -> ApiResult<()> { Err(ApiError::not_found("Commande introuvable.")) }),
        )
        .route("/stuck", get(async || std::future::pending::<()>().await))
        .route("/long", get(long))
        .route("/gate", get(pass))
        .route("/big", get(async || Json(json!({"text": "mot ".repeat(1000)}))))
        .route("/pdf", get(async || ([(CONTENT_TYPE, "application/pdf")], "x".repeat(4000))))
        .route("/list", get(list))
        .route("/ip", get(async |ClientIp(ip): ClientIp| Json(json!({"ip": ip}))))
        .route("/auth/me", get(async || Json(json!({}))))
        .route("/payments/webhook", post(async || Json(json!({}))))
        .route("/dev/mailbox", get(async || Json(json!({}))))
        .with_state(gate)
}

/// Tells the size of each file of a form.
async fn form(ApiMultipart(mut form): ApiMultipart) -> ApiResult<Json<Value>> {
    let mut sizes = Vec::new();
    while let Some(field) = form.next_field().await? {
        sizes.push(field.bytes().await?.len());
    }
    Ok(Json(json!({"sizes": sizes})))
}

async fn panic() -> Response {
    panic!("secret panic text")
}

/// Outlasts the time limit of the test that calls it.
async fn long(_: LongRunning) -> Json<Value> {
    tokio::time::sleep(Duration::from_millis(150)).await;
    Json(json!({"ok": true}))
}

async fn pass(State(gate): State<Arc<Gate>>) -> Json<Value> {
    gate.entered.notify_one();
    gate.open.notified().await;
    Json(json!({"ok": true}))
}

async fn list(headers: HeaderMap) -> ApiResult<Response> {
    Ok(cache::Published::json(&json!({"data": vec!["Pack KDP"; 200]}))?.answer(&headers))
}
