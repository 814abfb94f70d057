//! A server that is killed again and again, its customers, and what must be true of them in the end.

mod invariant;

use std::{path::PathBuf, time::Duration};

use chrono::Utc;
use futures_util::TryStreamExt;
use reqwest::{
    Method, RequestBuilder, StatusCode,
    multipart::{Form, Part},
};
use secrecy::SecretString;
use serde_json::json;
use staka::{
    app::{AppState, Surroundings},
    auth::Passwords,
    clock::{Clock, new_id},
    db::Db,
    emails::transport::Transport,
    files::{
        deletions,
        orphans::{self, Swept},
    },
    payments::signature,
    seeds,
    server::Shutdown,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::support::{
    database::TestDatabase,
    program::Program,
    server::{CLIENT, WEBHOOK_SECRET, config, metrics, send},
    sql_proxy::{Fault, SqlProxy},
};

/// Where a settlement begins.
pub const SETTLEMENT: &str = "INTO stripe_events";

/// Longer than any lease of the workers: what a killed one had claimed comes back.
const PATIENCE: Duration = Duration::from_secs(180);

/// The platform's own address.
const TEAM: &str = "equipe@staka.test";

/// How an order comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Someone without an account orders and pays.
    Guest,
    /// An author pays an order that exists.
    Author,
}

/// An order that waits for its payment, and the event that will tell of it.
pub struct Order {
    flow: Flow,
    /// What was done to the server while it was paid.
    fate: String,
    /// In the title, and unlike any other.
    mark: String,
    email: String,
    session: String,
    event: String,
}

/// The server, its database with a wire in between, and the orders so far.
pub struct Scene {
    pub db: Db,
    pub proxy: SqlProxy,
    pub program: Program,
    pub files: PathBuf,
    settings: Vec<(String, String)>,
    orders: Vec<Order>,
    tarif: Uuid,
    author: String,
    http: reqwest::Client,
    database: TestDatabase,
}

impl Scene {
    pub async fn open(settings: &[(&str, &str)]) -> Self {
        let (database, db) = TestDatabase::migrated().await;
        let files = std::env::temp_dir().join(format!("staka-crash-{}", new_id().simple()));
        let clock = Clock::system();
        let seeded = config(database.url(), &files, &[]);
        seeds::apply(&db, &seeded, &clock, &Passwords::default()).await.unwrap();
        let tarif = sqlx::query_scalar("SELECT id FROM tarifs WHERE nom = 'Correction Standard'");
        let tarif = tarif.fetch_one(db.pool()).await.unwrap();
        let proxy = SqlProxy::start(database.url()).await;
        let settings = variables(proxy.url(), &files, settings);
        let program = start(&settings).await;
        let http = reqwest::Client::new();
        let mut scene = Self {
            db,
            proxy,
            program,
            files,
            settings,
            orders: vec![],
            tarif,
            author: String::new(),
            http,
            database,
        };
        scene.author = scene.login().await;
        scene
    }

    async fn login(&self) -> String {
        let body = json!({ "email": CLIENT.0, "password": CLIENT.1 });
        let answer = send(self.post("/api/auth/login").json(&body)).await;
        answer.body["token"].as_str().unwrap().to_owned()
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.request(Method::POST, format!("{}{path}", self.program.base))
    }

    /// Places an order and opens its payment page.
    pub async fn order(&mut self, flow: Flow, fate: String) {
        let mark = format!("Livre-{:05}", self.orders.len() + 1);
        let (email, session) = match flow {
            Flow::Guest => self.guest_order(&mark).await,
            Flow::Author => self.author_order(&mark).await,
        };
        let event = self.event(&session).await;
        self.orders.push(Order { flow, fate, mark, email, session, event });
    }

    async fn guest_order(&self, mark: &str) -> (String, String) {
        let email = format!("{}@example.com", mark.to_lowercase());
        let answer = send(self.guest_request(mark, &email)).await;
        assert_eq!(answer.status, 201, "{:?}\n{}", answer.body, self.program.text());
        (email, answer.body["sessionId"].as_str().unwrap().to_owned())
    }

    /// A guest's order, ready to be sent.
    pub fn guest_request(&self, mark: &str, email: &str) -> RequestBuilder {
        let document = include_bytes!("../../fixtures/extrait.pdf").as_slice();
        let document = Part::bytes(document).file_name("extrait.pdf").mime_str("application/pdf").unwrap();
        let form = Form::new()
            .text("prenom", "Zoé")
            .text("nom", "Lefèvre")
            .text("email", email.to_owned())
            .text("telephone", "06 12 34 56 78")
            .text("serviceId", self.tarif.to_string())
            .text("nombrePages", "150")
            .text("titre", mark.to_owned())
            .text("description", "Un roman.")
            .text("consentementRgpd", "true")
            .part("files", document);
        self.post("/api/public/order").multipart(form)
    }

    async fn author_order(&self, mark: &str) -> (String, String) {
        let body = json!({ "titre": mark, "packType": self.tarif, "pagesDeclarees": 150 });
        let created = send(self.post("/api/commandes").bearer_auth(&self.author).json(&body)).await;
        assert_eq!(created.status, 201, "{:?}", created.body);
        // The team fixes the price.
        self.execute("UPDATE commandes SET prix_final = 28000 WHERE prix_final IS NULL").await;
        let body = json!({ "commandeId": created.body["commande"]["id"] });
        let opened =
            send(self.post("/api/payments/create-checkout-session").bearer_auth(&self.author).json(&body))
                .await;
        assert_eq!(opened.status, 200, "{:?}", opened.body);
        (CLIENT.0.to_owned(), opened.body["sessionId"].as_str().unwrap().to_owned())
    }

    /// What Stripe tells when the session is paid.
    async fn event(&self, session: &str) -> String {
        let (id, amount): (Uuid, i32) =
            sqlx::query_as("SELECT id, amount FROM checkout_sessions WHERE stripe_session_id = ?")
                .bind(session)
                .fetch_one(self.db.pool())
                .await
                .unwrap();
        let object = json!({
            "id": session, "object": "checkout.session", "client_reference_id": id, "status": "complete",
            "payment_status": "paid", "amount_total": amount, "currency": "eur",
            "payment_intent": format!("pi_{}", id.simple()), "metadata": { "source": "livrestaka.fr" },
            "customer_details": { "name": "Zoé Lefèvre", "email": "z@example.com", "address":
                { "line1": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR" } },
        });
        json!({
            "id": format!("evt_{}", id.simple()), "type": "checkout.session.completed", "livemode": false,
            "created": Utc::now().timestamp(), "data": { "object": object },
        })
        .to_string()
    }

    /// Delivers the event of the newest order; no status when the server did not live to answer.
    pub async fn deliver(&self) -> Option<StatusCode> {
        let event = &self.orders.last().unwrap().event;
        let signed = signature::sign(event.as_bytes(), &SecretString::from(WEBHOOK_SECRET), Utc::now());
        let request = self.post("/payments/webhook").header("stripe-signature", signed);
        let answer = request.header("content-type", "application/json").body(event.clone()).send().await;
        answer.ok().map(|answer| answer.status())
    }

    /// Stripe repeats itself until it is answered well, and once more.
    pub async fn redeliver(&self) {
        for _ in 0..2 {
            let answer = self.deliver().await;
            assert_eq!(answer, Some(StatusCode::OK), "{}", self.program.text());
        }
    }

    /// Pays an order on a server that nothing happens to; answers the statements that took.
    pub async fn rehearse(&mut self, flow: Flow) -> Vec<String> {
        self.order(flow, "nothing happened".to_owned()).await;
        self.quiet().await;
        self.proxy.record(SETTLEMENT);
        self.redeliver().await;
        let seen = self.proxy.seen();
        assert_eq!(seen.last().map(String::as_str), Some("COMMIT"), "{seen:#?}");
        seen
    }

    /// Pays an order on a server that is killed at a statement of the settlement.
    pub async fn pay_through_a_kill(&mut self, flow: Flow, fault: Fault) {
        self.order(flow, format!("killed {:?} statement {}", fault.side, fault.step)).await;
        self.quiet().await;
        self.proxy.kill_at(SETTLEMENT, fault, Some(self.program.pid()));
        let answer = self.deliver().await;
        assert_eq!((answer, self.proxy.tripped()), (None, true), "{fault:?}: {:#?}", self.proxy.seen());
        self.restart().await;
        self.redeliver().await;
    }

    /// Pays an order on a server that loses its database at a statement of the settlement, and lives on.
    pub async fn pay_through_a_cut(&mut self, flow: Flow, fault: Fault) {
        self.order(flow, format!("cut {:?} statement {}", fault.side, fault.step)).await;
        self.quiet().await;
        self.proxy.kill_at(SETTLEMENT, fault, None);
        let answer = self.deliver().await.expect("the server lives");
        assert!(answer.is_server_error() && self.proxy.tripped(), "{fault:?}: {answer}");
        // Each connection of the pool that was cut may cost one more attempt.
        for _ in 0..10 {
            if self.deliver().await == Some(StatusCode::OK) {
                break;
            }
        }
        self.redeliver().await;
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
        self.until_none(waiting).await;
    }

    /// Waits until a count is zero.
    pub async fn until_none(&self, count: &'static str) {
        let deadline = Instant::now() + PATIENCE;
        while self.number(count).await > 0 {
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

    async fn texts(&self, sql: &'static str, bound: &[&str]) -> Vec<String> {
        let query = sqlx::query_scalar(sql);
        bound.iter().fold(query, |query, value| query.bind(*value)).fetch_all(self.db.pool()).await.unwrap()
    }

    /// Removes what the killed servers left in the storage, as the daily job does two days later, and tells how much.
    pub async fn sweep(&self) -> u64 {
        let (clock, _) = Clock::manual(Utc::now() + chrono::Duration::days(2));
        let config = config(self.database.url(), &self.files, &[]);
        let transport = Transport::from_settings(&config.mail, &self.db).await.unwrap();
        let surroundings =
            Surroundings { clock, transport, shutdown: Shutdown::new(), metrics: metrics(), port: 0 };
        let state = AppState::assemble(config, self.db.clone(), surroundings).unwrap();
        let swept = orphans::sweep(&state).await.unwrap();
        assert_eq!(deletions::run(&state).await.unwrap(), swept.removed);
        assert_eq!(orphans::sweep(&state).await.unwrap(), Swept { removed: 0, missing: 0 });
        let rows = "SELECT (SELECT COUNT(*) FROM files) + (SELECT COUNT(*) FROM invoices)";
        let keys: Vec<String> = state.storage.keys().try_collect().await.unwrap();
        assert_eq!(keys.len() as i64, self.number(rows).await);
        swept.removed
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.files);
    }
}

async fn start(settings: &[(String, String)]) -> Program {
    let vars: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Program::start(&["serve"], &vars).await
}

/// The settings of [`config`], for a process.
fn variables(
    database_url: &str,
    files: &std::path::Path,
    settings: &[(&str, &str)],
) -> Vec<(String, String)> {
    let base = [
        ("APP_ENV", "development"),
        ("BIND_ADDRESS", "127.0.0.1"),
        ("PORT", "0"),
        ("DATABASE_URL", database_url),
        ("JWT_SECRET", "a secret of tests, long enough to be accepted"),
        ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("FRONTEND_URL", "http://spa.test"),
        ("ADMIN_EMAIL", TEAM),
        ("UPLOADS_DIR", files.to_str().unwrap()),
        ("UPLOADS_RESERVE_MB", "0"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("MIGRATE_ON_START", "false"),
        ("LOG_LEVEL", "staka=info,warn"),
    ];
    base.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
