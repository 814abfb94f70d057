//! The account routes behind the whole stack, and short ways to ask them things.

use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use reqwest::{Client, Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::Row;
use staka::app::{AppState, Components};
use staka::auth::{self, Passwords, Role, Sessions};
use staka::clock::{Clock, ManualClock, new_id};
use staka::config::{Config, Vars};
use staka::db::Db;
use staka::events::Bus;
use staka::http::context::Edge;
use staka::http::layers::{self, LayerSettings};
use staka::http::limits::layer::GeneralLimit;
use staka::http::limits::{RateLimitSettings, RateLimits};
use staka::http::TrustedProxies;
use staka::links::SignedLinks;
use staka::server::{ServerSettings, Shutdown, serve};
use staka::users::store::{NewUser, insert};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::database::TestDatabase;

/// A password that keeps the rule.
pub const PASSWORD: &str = "Manuscrit-2026";

/// The address requests come from unless a test says otherwise.
pub const IP: &str = "203.0.113.7";

/// A running server and what the tests look into.
pub struct Bench {
    pub state: AppState,
    pub time: ManualClock,
    base: String,
    client: Client,
    _database: TestDatabase,
}

/// An answer: its status and its JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<String>,
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With settings beside the usual ones.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (database, db) = TestDatabase::migrated().await;
        let (clock, time) = Clock::manual(Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap());
        let state = state(db, clock, settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (router, _) = auth::router().split_for_parts();
        let app = layers::apply(router.with_state(state.clone()), &layer_settings(&state));
        tokio::spawn(serve(listener, app, ServerSettings::default(), Shutdown::new()));
        Self { state, time, base, client: Client::new(), _database: database }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header("x-forwarded-for", IP)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        Answer { status: response.status().as_u16(), retry_after, body: response.json().await.unwrap() }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn post_from(&self, ip: &str, path: &str, body: Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base)).header("x-forwarded-for", ip);
        self.send(request.json(&body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn me(&self, token: &str) -> Answer {
        self.send(self.request(Method::GET, "/auth/me").bearer_auth(token)).await
    }

    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({ "email": email, "password": password })).await
    }

    /// Opens an account by the front door and gives its token.
    pub async fn registered(&self, email: &str) -> String {
        let answer = self.post("/auth/register", registration(email)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// An account that awaits its activation, with a paid order.
    pub async fn guest(&self, email: &str) -> Uuid {
        let id = self.account(email, "!", Role::User, false).await;
        self.run(
            "INSERT INTO commandes (id, user_id, titre, amount, created_at, updated_at)
             VALUES (?, ?, 'Mon roman', 35000, '2026-03-01', '2026-03-01')",
            &[new_id(), id],
        )
        .await;
        id
    }

    /// A row in the table of accounts.
    pub async fn account(&self, email: &str, password_hash: &str, role: Role, is_active: bool) -> Uuid {
        let id = new_id();
        let new = NewUser { id, prenom: "Léa", nom: "Martin", email, password_hash, role, is_active, telephone: None };
        let mut conn = self.state.db.conn().await.unwrap();
        insert(&mut conn, &new, self.now()).await.unwrap();
        id
    }

    pub async fn user_id(&self, email: &str) -> Uuid {
        let mut conn = self.state.db.conn().await.unwrap();
        sqlx::query("SELECT id FROM users WHERE email = ?")
            .bind(email)
            .fetch_one(&mut *conn)
            .await
            .unwrap()
            .get(0)
    }

    /// Runs a statement whose parameters are ids.
    pub async fn run(&self, sql: &'static str, ids: &[Uuid]) {
        let mut conn = self.state.db.conn().await.unwrap();
        let query = ids.iter().fold(sqlx::query(sql), |query, id| query.bind(*id));
        query.execute(&mut *conn).await.unwrap();
    }

    /// The first column of every row, as text.
    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut conn = self.state.db.conn().await.unwrap();
        let rows = sqlx::query(sql).fetch_all(&mut *conn).await.unwrap();
        rows.iter().map(|row| row.get_unchecked::<String, _>(0)).collect()
    }

    /// Audited acts in order: `ACTION severity actor`.
    pub async fn audited(&self) -> Vec<String> {
        self.texts("SELECT CONCAT(action, ' ', severity, ' ', actor_email) FROM audit_logs ORDER BY seq").await
    }

    /// Queued mails in order: `template address`.
    pub async fn mails(&self) -> Vec<String> {
        self.texts("SELECT CONCAT(template, ' ', to_email) FROM email_outbox ORDER BY template, id").await
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.state.clock.now()
    }
}

impl Answer {
    /// Asserts a refusal: its status, its code and the envelope.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.body["success"], false);
        assert_eq!(self.body["error"], self.body["message"]);
        assert!(!self.body["message"].as_str().unwrap().is_empty());
        assert!(!self.body["requestId"].as_str().unwrap().is_empty());
        self
    }

    /// Asserts a refusal of fields: the path of each, in order.
    #[track_caller]
    pub fn refused_fields(&self, fields: &[&str]) {
        self.refused(400, "VALIDATION_ERROR");
        let details = self.body["details"].as_array().unwrap();
        let paths: Vec<_> = details.iter().map(|detail| detail["path"][0].as_str().unwrap_or_default()).collect();
        assert_eq!(paths, fields, "{self:?}");
        assert!(details.iter().all(|detail| detail["code"].is_string() && detail["message"].is_string()));
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.body.get("error").is_none());
        self.body
    }

    /// The body without the request's id.
    pub fn anonymous(mut self) -> Value {
        self.body.as_object_mut().unwrap().remove("requestId");
        self.body
    }
}

pub fn registration(email: &str) -> Value {
    json!({ "prenom": "Zoé", "nom": "Durand", "email": email, "password": PASSWORD, "telephone": "06 12 34 56 78" })
}

fn state(db: Db, clock: Clock, settings: &[(&str, &str)]) -> AppState {
    let usual = [
        ("APP_ENV", "development"),
        ("DATABASE_URL", "mysql://unused"),
        ("JWT_SECRET", "a secret of at least 32 characters"),
        ("ADMIN_EMAIL", "equipe@example.com"),
    ];
    let vars: Vars = usual.iter().chain(settings).map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let config = Config::load(&vars).unwrap();
    let secret = SecretString::from("a secret of at least 32 characters");
    AppState::new(Components {
        db,
        passwords: Passwords::new().unwrap(),
        sessions: Sessions::new(&secret),
        links: SignedLinks::new(&secret),
        limits: RateLimits::new(&config.rates.budgets(), clock.clone()),
        bus: Bus::default(),
        clock,
        config,
    })
}

fn layer_settings(state: &AppState) -> LayerSettings {
    LayerSettings {
        edge: Edge {
            proxies: TrustedProxies::private_ranges(),
            new_request_id: Arc::new(|| Uuid::new_v4().to_string()),
        },
        cors_origins: Vec::new(),
        timeout: std::time::Duration::from_secs(30),
        max_in_flight: 64,
        general_limit: GeneralLimit {
            limits: RateLimits::new(&RateLimitSettings::disabled(), state.clock.clone()),
            identify: Arc::new(|_| None),
        },
        spa_dir: None,
    }
}
