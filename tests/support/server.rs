//! A whole server for one test: real HTTP on a port of its own, a database of its own, a clock that
//! stands still, the mailbox and the simulated Stripe. Background work runs when the test says so.

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use chrono::{DateTime, TimeZone, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::{Method, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::Value;
use staka::{
    app::AppState,
    clock::{Clock, ManualClock, new_id},
    config::{Config, Vars},
    db::{Db, PoolSettings},
    emails::worker::Worker,
    invoices,
    jobs::{Outcome, Scheduler},
    launch::launch,
    seeds,
    server::{self, ServerSettings, Shutdown},
    telemetry,
};
use tokio::net::TcpListener;

use super::{database::TestDatabase, proxy::Proxy};

/// Accounts of the seeds.
pub const ADMIN: (&str, &str) = ("admin@example.com", "Admin-Staka-2026");
pub const CLIENT: (&str, &str) = ("client@example.com", "Client-Staka-2026");
pub const CORRECTOR: (&str, &str) = ("correcteur@example.com", "Correcteur-Staka-2026");

/// The secret that signs webhooks in tests.
pub const WEBHOOK_SECRET: &str = "whsec_test_secret_of_the_webhooks";

/// When a test begins.
pub fn start_of_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 10, 9, 0, 0).unwrap()
}

/// A running server.
pub struct TestServer {
    pub state: AppState,
    pub clock: ManualClock,
    pub mails: Worker,
    pub scheduler: Scheduler,
    pub base: String,
    pub port: u16,
    pub http: reqwest::Client,
    pub files: PathBuf,
    pub database: TestDatabase,
    shutdown: Shutdown,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl TestServer {
    /// A server with the seeds.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with some settings of its own.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (database, db) = TestDatabase::migrated().await;
        Self::on(database, db, settings).await
    }

    /// A server whose database is at the other end of a line.
    pub async fn behind(line: &Proxy) -> Self {
        let (database, direct) = TestDatabase::migrated().await;
        direct.close().await;
        let url = line.lead_to_database(database.url());
        let patience = Duration::from_millis(500);
        let settings =
            PoolSettings { max_connections: 5, acquire_timeout: patience, ..PoolSettings::default() };
        let db = Db::connect(&url, settings).await.unwrap();
        Self::on(database, db, &[]).await
    }

    async fn on(database: TestDatabase, db: Db, settings: &[(&str, &str)]) -> Self {
        let (clock, manual) = Clock::manual(start_of_time());
        let files = std::env::temp_dir().join(format!("staka-test-{}", new_id().simple()));
        let config = config(database.url(), &files, settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = Shutdown::new();
        let launched = launch(config, db, clock, port, &shutdown, metrics()).await.unwrap();
        let state = launched.state.clone();
        seeds::apply(&state.db, &state.config, &state.clock, &state.passwords).await.unwrap();
        let serving =
            server::serve(listener, launched.app.clone(), ServerSettings::default(), shutdown.clone());
        tokio::spawn(serving);
        Self {
            state,
            clock: manual,
            mails: launched.mails,
            scheduler: launched.scheduler,
            base: format!("http://127.0.0.1:{port}"),
            port,
            http: reqwest::Client::builder().redirect(Policy::none()).build().unwrap(),
            files,
            database,
            shutdown,
        }
    }

    /// A request to a path of the server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// `GET`, without a session.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// `POST` of JSON, without a session.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// A session token of an account.
    pub async fn login(&self, (email, password): (&str, &str)) -> String {
        let body = serde_json::json!({ "email": email, "password": password });
        let answer = self.post("/api/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// `GET` with a session.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// `POST` of JSON with a session.
    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    /// Asks the server to stop, as SIGTERM does.
    pub fn stop(&self) {
        self.shutdown.stop();
    }

    /// Renders the invoices and sends the mails that wait.
    pub async fn work(&self) {
        invoices::render::drain(&self.state).await.unwrap();
        self.mails.drain().await;
    }

    /// Runs a job once, whatever its schedule.
    pub async fn run_job(&self, name: &str) -> u64 {
        match self.scheduler.run_now(name).await {
            Outcome::Done(count) => count,
            other => panic!("job {name}: {other:?}"),
        }
    }

    /// The mails in the mailbox, newest first.
    pub async fn mailbox(&self) -> Vec<Value> {
        self.get("/dev/mailbox/messages").await.body.as_array().unwrap().clone()
    }

    /// Kinds and addressees of the mails in the mailbox, sorted.
    pub async fn mail_kinds(&self) -> Vec<(String, String)> {
        let text = |mail: &Value, key: &str| mail[key].as_str().unwrap().to_owned();
        let mut kinds: Vec<_> =
            self.mailbox().await.iter().map(|mail| (text(mail, "template"), text(mail, "to"))).collect();
        kinds.sort();
        kinds
    }

    /// How many rows a table has, `table WHERE condition` included.
    pub async fn count(&self, rows: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {rows}")))
            .fetch_one(self.state.db.pool())
            .await
            .unwrap()
    }

    /// Pays a session as its customer does on the simulated page; the answer is the redirection.
    pub async fn pay(&self, session_id: &str) -> Answer {
        send(self.request(Method::POST, &format!("/dev/stripe/checkout/{session_id}/pay"))).await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.abort();
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

/// Sends a request and reads the answer; a body that is no JSON reads as null.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

/// The settings of tests, with those of the test on top.
pub fn config(database_url: &str, files: &std::path::Path, settings: &[(&str, &str)]) -> Config {
    let base = [
        ("APP_ENV", "development"),
        ("DATABASE_URL", database_url),
        ("JWT_SECRET", "a secret of tests, long enough to be accepted"),
        ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("FRONTEND_URL", "http://spa.test"),
        ("ADMIN_EMAIL", "equipe@staka.test"),
        ("UPLOADS_DIR", files.to_str().unwrap()),
        ("UPLOADS_RESERVE_MB", "0"),
        ("RATE_LIMIT_ENABLED", "false"),
    ];
    let given = base.iter().chain(settings);
    let vars = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(&Vars::from_iter(vars)).unwrap()
}

/// The recorder is one per process.
pub fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| telemetry::prometheus().unwrap()).clone()
}
