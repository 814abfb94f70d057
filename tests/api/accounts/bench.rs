//! The account routes behind the whole stack, and short ways to ask them things.

use std::path::PathBuf;

use axum::Router;
use chrono::{DateTime, TimeZone, Utc};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::Row;
use staka::app::{AppState, build_app};
use staka::auth::Role;
use staka::clock::{Clock, ManualClock, new_id};
use staka::emails::worker::Worker;
use staka::launch::launch;
use staka::server::{ServerSettings, Shutdown, serve};
use staka::users::store::{NewUser, insert};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::server;

/// A password that keeps the rule.
pub const PASSWORD: &str = "Manuscrit-2026";

/// The address requests come from unless a test says otherwise.
pub const IP: &str = "203.0.113.7";

/// What the session tokens are signed with.
pub const SECRET: &str = "a secret of at least 32 characters";

/// The limits count, except the one on everything, which is proved elsewhere.
const USUAL: [(&str, &str); 4] = [
    ("JWT_SECRET", SECRET),
    ("ADMIN_EMAIL", "equipe@example.com"),
    ("RATE_LIMIT_ENABLED", "true"),
    ("RATE_LIMIT_ANONYMOUS", "100000/900"),
];

/// A running server without seeds, and what the tests look into.
pub struct Bench {
    pub state: AppState,
    pub time: ManualClock,
    mails: Worker,
    base: String,
    client: Client,
    files: PathBuf,
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
        Self::build(settings, Router::new()).await
    }

    /// With routes beside the usual ones.
    pub async fn around(routes: Router<AppState>) -> Self {
        Self::build(&[], routes).await
    }

    async fn build(settings: &[(&str, &str)], routes: Router<AppState>) -> Self {
        let (database, db) = TestDatabase::migrated().await;
        let (clock, time) = Clock::manual(Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let files = std::env::temp_dir().join(format!("staka-accounts-{}", new_id().simple()));
        let shutdown = Shutdown::new();
        let config = server::config(database.url(), &files, &[&USUAL, settings].concat());
        let launched = launch(config, db, clock, port, &shutdown, server::metrics()).await.unwrap();
        let state = launched.state.clone();
        let app = if routes.has_routes() { build_app(&state, routes).unwrap() } else { launched.app };
        // Nothing runs in the background: the tests look at what it would find.
        tokio::spawn(serve(listener, app, ServerSettings::default(), shutdown));
        Self {
            state,
            time,
            mails: launched.mails,
            base: format!("http://127.0.0.1:{port}"),
            client: Client::new(),
            files,
            _database: database,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header("x-forwarded-for", IP)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let retry_after =
            response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
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
        let new = NewUser {
            id,
            prenom: "Léa",
            nom: "Martin",
            email,
            password_hash,
            role,
            is_active,
            telephone: None,
        };
        let mut conn = self.state.db.conn().await.unwrap();
        insert(&mut conn, &new, self.now()).await.unwrap();
        id
    }

    /// The token of a new account with this role.
    pub async fn session(&self, role: Role) -> String {
        let email = format!("{}@example.com", role.as_str().to_lowercase());
        let id = self.account(&email, "!", role, true).await;
        self.state.sessions.tokens.issue(id, &email, role, 0, self.now()).unwrap()
    }

    /// Makes the server ask the database again about every account.
    pub async fn forget_accounts(&self) {
        let mut conn = self.state.db.conn().await.unwrap();
        let ids = sqlx::query_scalar("SELECT id FROM users").fetch_all(&mut *conn).await.unwrap();
        for id in ids {
            self.state.sessions.forget(id).await;
        }
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
        self.texts("SELECT CONCAT(action, ' ', severity, ' ', actor_email) FROM audit_logs ORDER BY seq")
            .await
    }

    /// Queued mails in order: `template address`.
    pub async fn mails(&self) -> Vec<String> {
        self.texts("SELECT CONCAT(template, ' ', to_email) FROM email_outbox ORDER BY template, id").await
    }

    /// Sends what is queued and gives what follows `mark` in the latest mail, up to the next blank.
    pub async fn mailed(&self, mark: &str) -> String {
        self.mails.drain().await;
        let mailbox = self.get("/dev/mailbox/messages").await.body;
        let text = mailbox[0]["text"].as_str().unwrap();
        let (_, link) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
        link.split_whitespace().next().unwrap().to_owned()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.state.clock.now()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.files);
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
        let paths: Vec<_> =
            details.iter().map(|detail| detail["path"][0].as_str().unwrap_or_default()).collect();
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
