//! A server that is killed again and again, with a wire to its database.

use std::time::Duration;

use chrono::Utc;
use futures_util::TryStreamExt;
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use staka::{
    app::{AppState, Surroundings},
    auth::{Role, SessionTokens},
    checkout::purge,
    clock::Clock,
    db::Db,
    emails::transport::Transport,
    files::{
        deletions,
        orphans::{self, Swept},
    },
    payments::reconcile,
    server::Shutdown,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::customers::Order;
use crate::support::{
    database::TestDatabase,
    program::Program,
    scratch::Scratch,
    server::CLIENT,
    settings::{JWT_SECRET, config, metrics, variables},
    sql_proxy::SqlProxy,
};

/// Longer than any lease of the workers: what a killed one had claimed comes back.
const PATIENCE: Duration = Duration::from_secs(180);

/// The server, its database with a wire in between, and the orders so far.
pub struct Scene {
    pub db: Db,
    pub proxy: SqlProxy,
    pub program: Program,
    pub files: Scratch,
    pub orders: Vec<Order>,
    /// A price per page.
    pub tarif: Uuid,
    /// The author's session.
    pub author: String,
    settings: Vec<(String, String)>,
    http: reqwest::Client,
    database: TestDatabase,
}

impl Scene {
    pub async fn open(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::seeded().await;
        let db = database.db(2).await;
        let files = Scratch::new();
        let tarif = sqlx::query_scalar("SELECT id FROM tarifs WHERE nom = 'Correction Standard'");
        let tarif = tarif.fetch_one(db.pool()).await.unwrap();
        let proxy = SqlProxy::start(database.url()).await;
        let process = [
            ("BIND_ADDRESS", "127.0.0.1"),
            ("PORT", "0"),
            ("MIGRATE_ON_START", "false"),
            ("LOG_LEVEL", "staka=info,warn"),
        ];
        let settings = variables(proxy.url(), &files, &[&process, settings].concat());
        let program = start(&settings).await;
        let author = token(&db).await;
        let (orders, http) = (vec![], reqwest::Client::new());
        Self { db, proxy, program, files, orders, tarif, author, settings, http, database }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.program.base))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Waits for the end of the killed server, lets what it had claimed run out, and starts the next one.
    pub async fn restart(&mut self) {
        assert_eq!(self.program.ended().await, None, "it was to be killed:\n{}", self.program.text());
        for lease in [
            "UPDATE email_outbox SET next_attempt_at = created_at WHERE status = 'PENDING'",
            "UPDATE invoices SET render_due_at = issued_at WHERE render_due_at IS NOT NULL",
        ] {
            self.execute(lease).await;
        }
        self.program = start(&self.settings).await;
    }

    /// Waits until the background work is done: every mail sent, every invoice with its file.
    pub async fn quiet(&self) {
        let waiting = "SELECT (SELECT COUNT(*) FROM email_outbox WHERE status <> 'SENT')
                            + (SELECT COUNT(*) FROM invoices WHERE render_due_at IS NOT NULL)";
        let deadline = Instant::now() + PATIENCE;
        while self.number(waiting).await > 0 {
            assert!(Instant::now() < deadline, "work is left over:\n{}", self.program.text());
            sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn number(&self, count: &'static str) -> i64 {
        sqlx::query_scalar(count).fetch_one(self.db.pool()).await.unwrap()
    }

    pub async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(self.db.pool()).await.unwrap();
    }

    pub async fn texts(&self, sql: &'static str, bound: &[&str]) -> Vec<String> {
        let query = sqlx::query_scalar(sql);
        bound.iter().fold(query, |query, value| query.bind(*value)).fetch_all(self.db.pool()).await.unwrap()
    }

    /// Removes what the killed servers left in the storage, as the daily job does two days later, and tells how much.
    pub async fn sweep(&self) -> u64 {
        let state = self.later(2).await;
        let swept = orphans::sweep(&state).await.unwrap();
        assert_eq!(deletions::run(&state).await.unwrap(), swept.removed);
        assert_eq!(orphans::sweep(&state).await.unwrap(), Swept { removed: 0, missing: 0 });
        let rows = "SELECT (SELECT COUNT(*) FROM files) + (SELECT COUNT(*) FROM invoices)";
        let keys: Vec<String> = state.storage.keys().try_collect().await.unwrap();
        assert_eq!(keys.len() as i64, self.number(rows).await);
        swept.removed
    }

    /// Forgets the orders nobody paid, as the jobs do a week later, when their payment pages have lapsed.
    pub async fn forget_the_unpaid(&self) {
        self.execute("UPDATE dev_stripe_sessions SET status = 'expired' WHERE status = 'open'").await;
        let state = self.later(9).await;
        reconcile::run(&state).await.unwrap();
        purge::abandoned(&state).await.unwrap();
    }

    /// What looks after the same database and files some days later.
    async fn later(&self, days: i64) -> AppState {
        let (clock, _) = Clock::manual(Utc::now() + chrono::Duration::days(days));
        let config = config(self.database.url(), &self.files, &[]);
        let transport = Transport::from_settings(&config.mail, &self.db).await.unwrap();
        let (shutdown, port) = (Shutdown::new(), self.program.port);
        let surroundings = Surroundings { clock, transport, shutdown, metrics: metrics(), port };
        AppState::assemble(config, self.db.clone(), surroundings).unwrap()
    }
}

async fn token(db: &Db) -> String {
    let id = sqlx::query_scalar("SELECT id FROM users WHERE email = ?").bind(CLIENT.0);
    let id = id.fetch_one(db.pool()).await.unwrap();
    let tokens = SessionTokens::new(&SecretString::from(JWT_SECRET));
    tokens.issue(id, CLIENT.0, Role::User, 0, Utc::now()).unwrap()
}

async fn start(settings: &[(String, String)]) -> Program {
    let vars: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Program::start(&["serve"], &vars).await
}
