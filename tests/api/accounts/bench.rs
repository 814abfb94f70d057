//! The account routes behind the whole stack, and short ways to ask them things.

use std::ops::Deref;

use axum::Router;
use chrono::{DateTime, TimeZone, Utc};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use staka::app::AppState;
use staka::auth::Role;
use staka::clock::{ManualClock, new_id};
use staka::users::store::{NewUser, insert};
use uuid::Uuid;

use crate::support::answer;
use crate::support::server::{Setup, TestServer};

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
    pub time: ManualClock,
    server: TestServer,
}

impl Deref for Bench {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.server
    }
}

/// An answer: its status and its JSON.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<String>,
    whole: answer::Answer,
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
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap();
        let setup = Setup::default().without_seeds().at(now).settings(&USUAL).settings(settings);
        let server = setup.routes(routes).start().await;
        // Those of accounts are asked for where they matter.
        server.ignore_mails();
        Self { time: server.clock.clone(), server }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server.request(method, path).header("x-forwarded-for", IP)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let whole = answer::send(request).await;
        let retry_after = whole.header("retry-after").map(str::to_owned);
        Answer { status: whole.status.as_u16(), body: whole.json(), retry_after, whole }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn post_from(&self, ip: &str, path: &str, body: Value) -> Answer {
        let request = self.server.request(Method::POST, path).header("x-forwarded-for", ip);
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
        let id = sqlx::query_scalar("SELECT id FROM users WHERE email = ?").bind(email);
        id.fetch_one(self.state.db.pool()).await.unwrap()
    }

    /// Runs a statement whose parameters are ids.
    pub async fn run(&self, sql: &'static str, ids: &[Uuid]) {
        let mut conn = self.state.db.conn().await.unwrap();
        let query = ids.iter().fold(sqlx::query(sql), |query, id| query.bind(*id));
        query.execute(&mut *conn).await.unwrap();
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

    pub fn now(&self) -> DateTime<Utc> {
        self.state.clock.now()
    }
}

impl Answer {
    /// Asserts a refusal: its status, its code and the envelope.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        self.whole.refused(status, code);
        self
    }

    /// Asserts a refusal of fields: the path of each, in order.
    #[track_caller]
    pub fn refused_fields(&self, fields: &[&str]) {
        self.whole.refused_fields(fields);
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        self.whole.ok(200).clone()
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
