//! A server's state on a database of its own, with a clock that stands still.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use chrono::{Duration, TimeZone, Utc};
use http_body_util::BodyExt;
use serde_json::Value;
use staka::{
    app::{AppState, Surroundings},
    auth::Role,
    clock::{Clock, ManualClock, new_id},
    emails::{transport::Transport, worker::Worker},
    events::{self, Happening},
    payments::told::{ORDERS, PaymentAlert, Trouble},
    server::Shutdown,
};
use tower::ServiceExt;
use uuid::Uuid;

use super::{
    database::TestDatabase,
    server::{config, metrics},
    smtp::Server,
};

/// State, clock and database of one test.
pub struct Lab {
    pub state: AppState,
    pub clock: ManualClock,
    _database: TestDatabase,
    files: std::path::PathBuf,
}

impl Lab {
    pub async fn start() -> Self {
        let (database, db) = TestDatabase::migrated().await;
        let (clock, manual) = Clock::manual(Utc.with_ymd_and_hms(2026, 3, 9, 10, 0, 0).unwrap());
        let files = std::env::temp_dir().join(format!("staka-outbox-{}", new_id().simple()));
        let config = config(
            database.url(),
            &files,
            &[
                ("APP_URL", "https://livrestaka.example"),
                ("API_URL", "https://api.livrestaka.example"),
                ("FROM_EMAIL", "contact@livrestaka.example"),
                ("ADMIN_EMAIL", "equipe@livrestaka.example"),
            ],
        );
        let transport = Transport::from_settings(&config.mail, &db).await.unwrap();
        let surroundings =
            Surroundings { clock, transport, shutdown: Shutdown::new(), metrics: metrics(), port: 9 };
        let state = AppState::assemble(config, db, surroundings).unwrap();
        Self { state, clock: manual, _database: database, files }
    }

    pub fn worker(&self, server: &Server) -> Worker {
        Worker::new(self.state.clone(), Transport::Smtp(server.transport())).unwrap()
    }

    /// An active account.
    pub async fn user(&self, email: &str, role: Role, preferences: Option<Value>) -> Uuid {
        let id = new_id();
        let now = self.state.clock.now();
        sqlx::query(
            "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, preferences, created_at, updated_at)
             VALUES (?, 'Zoé', 'Martin', ?, '!', ?, TRUE, ?, ?, ?)",
        )
        .bind(id)
        .bind(email)
        .bind(role)
        .bind(preferences.map(|all| all.to_string()))
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }

    pub fn token(&self, user_id: Uuid, role: Role) -> String {
        self.state.sessions.tokens.issue(user_id, "x@example.com", role, 0, self.state.clock.now()).unwrap()
    }

    pub async fn record(&self, happening: impl Happening) {
        let mut tx = self.state.begin().await.unwrap();
        events::record(&mut tx, happening).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Records `count` different things to tell the administrators by mail.
    pub async fn record_alerts(&self, count: usize) {
        for number in 0..count {
            self.record(PaymentAlert {
                trouble: Trouble::Disputed,
                about: format!("essai {number}"),
                title: format!("Alerte {number}"),
                message: "Un essai.".to_owned(),
                action_path: ORDERS,
            })
            .await;
        }
    }

    /// `status, attempts, last_error` of every mail, oldest first.
    pub async fn mails(&self) -> Vec<(String, u32, Option<String>)> {
        sqlx::query_as(
            "SELECT CAST(status AS CHAR), attempts, last_error FROM email_outbox ORDER BY created_at, id",
        )
        .fetch_all(self.state.db.pool())
        .await
        .unwrap()
    }

    pub async fn statuses(&self) -> Vec<String> {
        self.mails().await.into_iter().map(|(status, ..)| status).collect()
    }

    /// Titles in someone's bell.
    pub async fn bell(&self, user_id: Uuid) -> Vec<String> {
        sqlx::query_scalar("SELECT title FROM notifications WHERE user_id = ? ORDER BY created_at, id")
            .bind(user_id)
            .fetch_all(self.state.db.pool())
            .await
            .unwrap()
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The mail and notification routes.
    pub fn routes(&self) -> Router {
        let (router, _) = staka::notifications::router()
            .merge(staka::emails::unsubscribe::router())
            .merge(staka::dev::mailbox::router())
            .split_for_parts();
        router.with_state(self.state.clone())
    }

    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        let answer = self.routes().oneshot(request.body(body).unwrap()).await.unwrap();
        Answer::read(answer).await
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    async fn read(answer: Response) -> Self {
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
