//! A server that sells: orders, projects and documents over real HTTP, with a database, a storage and a Stripe of
//! its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::SecretString;
use serde_json::Value;
use sqlx::{MySqlConnection, Row};
use staka::app::{AppState, Components};
use staka::auth::{Passwords, Role, Sessions};
use staka::clock::{Clock, ManualClock, new_id};
use staka::config::{Config, Vars};
use staka::dev::stripe::{Settings, Simulator};
use staka::events::Bus;
use staka::files::storage::Storage;
use staka::http::TrustedProxies;
use staka::http::context::Edge;
use staka::http::layers::{self, LayerSettings};
use staka::http::limits::layer::GeneralLimit;
use staka::http::limits::{RateLimitSettings, RateLimits};
use staka::links::SignedLinks;
use staka::payments::stripe::StripeGateway;
use staka::server::{ServerSettings, Shutdown, serve};
use staka::tarifs::PriceList;
use staka::{commandes, files, projects, tarifs};
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::support::database::TestDatabase;

const SECRET: &str = "a secret of at least thirty-two characters";

/// A running server and what a test looks into.
pub struct Shop {
    pub base: String,
    pub client: Client,
    pub state: AppState,
    pub clock: ManualClock,
    uploads: PathBuf,
    shutdown: Shutdown,
    _database: TestDatabase,
}

/// How Stripe behaves.
#[derive(Clone, Copy, PartialEq)]
pub enum Stripe {
    Simulated,
    Away,
}

/// Someone with an account.
pub struct Person {
    pub id: Uuid,
    pub token: String,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(Stripe::Simulated, RateLimitSettings::disabled()).await
    }

    pub async fn with(stripe: Stripe, limits: RateLimitSettings) -> Self {
        let (database, db) = TestDatabase::migrated().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (clock, manual) = Clock::manual("2026-03-10T09:00:00Z".parse().unwrap());
        let uploads = std::env::temp_dir().join(format!("staka-shop-{}", new_id()));
        let simulator = Simulator::new(Settings {
            db: db.pool().clone(),
            clock: clock.clone(),
            webhook_secret: SecretString::from("whsec_test"),
            webhook_url: format!("http://{address}/payments/webhook"),
            public_base_url: format!("http://{address}"),
        });
        simulator.prepare().await.unwrap();
        let config = config(database.url());
        let state = AppState::new(Components {
            passwords: Passwords::new().unwrap(),
            sessions: Sessions::new(&config.jwt_secret),
            links: SignedLinks::new(&config.jwt_secret),
            limits: RateLimits::new(&limits, clock.clone()),
            storage: Storage::local(&uploads, 0).unwrap(),
            stripe: gateway(stripe, address),
            tarifs: PriceList::default(),
            bus: Bus::default(),
            config,
            db,
            clock: clock.clone(),
        });
        let shutdown = Shutdown::new();
        let app = layers::apply(routes(&state, &simulator), &settings(clock));
        tokio::spawn(serve(listener, app, ServerSettings::default(), shutdown.clone()));
        Self {
            base: format!("http://{address}"),
            client: Client::new(),
            state,
            clock: manual,
            uploads,
            shutdown,
            _database: database,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn get_as(&self, person: &Person, path: &str) -> RequestBuilder {
        self.get(path).bearer_auth(&person.token)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Sends, asserts the status and the envelope of a refusal, and gives the body.
    pub async fn refused(&self, request: RequestBuilder, status: u16, code: &str) -> Value {
        let response = request.send().await.unwrap();
        let (got, body) = (response.status(), response.json::<Value>().await.unwrap());
        assert_eq!(got, status, "{body}");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["error"], body["message"]);
        body
    }

    /// Sends, asserts the status, and gives the body.
    pub async fn json(&self, request: RequestBuilder, status: u16) -> Value {
        let response = request.send().await.unwrap();
        let (got, body) = (response.status(), response.text().await.unwrap());
        assert_eq!(got, status, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Keys of the objects kept, and whatever temporary file stays.
    pub fn objects(&self) -> Vec<String> {
        let mut found = vec![];
        walk(&self.uploads, &self.uploads, &mut found);
        found
    }

    pub async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&mut *self.conn().await).await.unwrap();
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *self.conn().await).await.unwrap()
    }

    /// The first row of a query, column by column as text.
    pub async fn row(&self, sql: &'static str) -> Vec<Option<String>> {
        let row = sqlx::query(sql).fetch_one(&mut *self.conn().await).await.unwrap();
        (0..row.len()).map(|column| row.try_get_unchecked::<Option<String>, _>(column).unwrap()).collect()
    }

    /// Asserts that nothing was ordered and nothing stays in the storage.
    pub async fn assert_untouched(&self) {
        for table in [
            "pending_commandes",
            "files",
            "checkout_sessions",
            "storage_deletions",
            "notifications",
            "email_outbox",
        ] {
            assert_eq!(self.count(table).await, 0, "{table}");
        }
        assert_eq!(self.objects(), Vec::<String>::new());
    }

    pub async fn conn(&self) -> staka::db::Conn {
        self.state.db.conn().await.unwrap()
    }

    /// Adds a line to the price list.
    pub async fn tarif(&self, nom: &str, prix: i64, unite: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO tarifs (id, nom, description, prix, prix_formate, unite, type_service, ordre, created_at, updated_at)
             VALUES (?, ?, 'Une description', ?, '', ?, 'Correction', 1, ?, ?)",
        )
        .bind(id).bind(nom).bind(prix).bind(unite).bind(now).bind(now)
        .execute(&mut *self.conn().await)
        .await
        .unwrap();
        id
    }

    /// Opens an account.
    pub async fn person(&self, email: &str, role: Role) -> Person {
        let now = self.state.clock.now();
        let id = insert_user(&mut *self.conn().await, email, role, now).await;
        let token = self.state.sessions.tokens.issue(id, email, role, 0, now).unwrap();
        Person { id, token }
    }

    /// Adds an order as it stands after some life.
    pub async fn commande(&self, owner: &Person, titre: &str, statut: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query("INSERT INTO commandes (id, user_id, titre, statut, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id).bind(owner.id).bind(titre).bind(statut).bind(now).bind(now)
            .execute(&mut *self.conn().await)
            .await
            .unwrap();
        id
    }

    /// Keeps a document of an order.
    pub async fn document(&self, commande: Option<Uuid>, by: &Person, name: &str, corrected: bool) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        let kind = files::storage::Kind::Projects;
        let object = self.state.storage.put_bytes(kind, "txt", now, b"0123456789").await.unwrap();
        sqlx::query(
            "INSERT INTO files (id, filename, storage_key, mime_type, size, sha256, type, is_corrected, uploaded_by_id,
                                commande_id, created_at, updated_at)
             VALUES (?, ?, ?, 'text/plain', 10, ?, 'DOCUMENT', ?, ?, ?, ?, ?)",
        )
        .bind(id).bind(name).bind(&object.key).bind(&object.sha256).bind(corrected).bind(by.id).bind(commande)
        .bind(now).bind(now)
        .execute(&mut *self.conn().await)
        .await
        .unwrap();
        id
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shutdown.stop();
        let _ = std::fs::remove_dir_all(&self.uploads);
    }
}

async fn insert_user(conn: &mut MySqlConnection, email: &str, role: Role, now: DateTime<Utc>) -> Uuid {
    let id = new_id();
    sqlx::query(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, telephone, created_at, updated_at)
         VALUES (?, 'Zoé', 'Martin', ?, '!', ?, '0601020304', ?, ?)",
    )
    .bind(id)
    .bind(email)
    .bind(role)
    .bind(now)
    .bind(now)
    .execute(conn)
    .await
    .unwrap();
    id
}

fn config(database_url: &str) -> Config {
    let vars = [
        ("APP_ENV", "development"),
        ("DATABASE_URL", database_url),
        ("JWT_SECRET", SECRET),
        ("FRONTEND_URL", "https://site.example"),
        ("ADMIN_EMAIL", "admin@site.example"),
    ];
    Config::load(&Vars::from_iter(vars.map(|(name, value)| (name.to_owned(), value.to_owned())))).unwrap()
}

fn gateway(stripe: Stripe, address: SocketAddr) -> StripeGateway {
    let base = match stripe {
        Stripe::Simulated => format!("http://{address}/dev/stripe"),
        // Nobody listens on port 1.
        Stripe::Away => "http://127.0.0.1:1".to_owned(),
    };
    StripeGateway::new("sk_test_x", Some(&base)).unwrap()
}

fn routes(state: &AppState, simulator: &Simulator) -> Router {
    let (router, _) = OpenApiRouter::new()
        .merge(tarifs::router())
        .merge(commandes::router())
        .merge(projects::router())
        .merge(files::reading_router())
        .split_for_parts();
    router.nest("/dev/stripe", simulator.router()).with_state(state.clone())
}

fn settings(clock: Clock) -> LayerSettings {
    LayerSettings {
        edge: Edge {
            proxies: TrustedProxies::private_ranges(),
            new_request_id: Arc::new(|| new_id().to_string()),
        },
        cors_origins: vec![],
        timeout: Duration::from_secs(30),
        max_in_flight: 64,
        general_limit: GeneralLimit {
            limits: RateLimits::new(&RateLimitSettings::disabled(), clock),
            identify: Arc::new(|_: &HeaderMap| None),
        },
        spa_dir: None,
    }
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => walk(root, &entry.path(), found),
            false => found.push(entry.path().strip_prefix(root).unwrap().display().to_string()),
        }
    }
}

/// The fields of a guest's form that is in order, changed as told: `None` takes a field away.
pub fn guest_form(service: Uuid, changes: &[(&'static str, Option<&str>)]) -> Form {
    let service = service.to_string();
    let mut fields = vec![
        ("prenom", "Jeanne"),
        ("nom", "Dupont"),
        ("email", " Jeanne.Dupont@Example.COM "),
        ("telephone", "06 01 02 03 04"),
        ("serviceId", service.as_str()),
        ("nombrePages", "150"),
        ("description", "Un roman historique"),
        ("titre", "L’été à Sète"),
        ("consentementRgpd", "true"),
    ];
    for (name, value) in changes {
        fields.retain(|(other, _)| other != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value.to_owned()))
}

/// A document of `tests/fixtures`.
pub fn fixture(name: &str, mime: &str) -> Part {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    Part::bytes(std::fs::read(path).unwrap()).file_name(name.to_owned()).mime_str(mime).unwrap()
}

/// The word document most tests send.
pub fn word() -> Part {
    fixture("extrait.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
}

/// The details' paths of a validation refusal.
pub fn refused_fields(body: &Value) -> Vec<&str> {
    body["details"].as_array().unwrap().iter().map(|detail| detail["path"][0].as_str().unwrap()).collect()
}

/// The text of a response and its headers.
pub async fn text_of(response: Response) -> (HeaderMap, String) {
    (response.headers().clone(), response.text().await.unwrap())
}
