//! A whole server for one test: real HTTP on a port of its own, a database of its own, a clock that
//! stands still, the mailbox and the simulated Stripe. Background work runs when the test says so.
//!
//! A test that ends well is judged once more, see [`verdict`]: every mail it caused was looked at, and no queue gave
//! anything up unnoticed.

mod look;
mod mails;
mod people;
mod rows;
mod setup;
mod statements;
mod verdict;

use std::sync::{Arc, Mutex};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use staka::{
    app::AppState,
    clock::ManualClock,
    emails::worker::Worker,
    invoices,
    jobs::{Outcome, Scheduler},
    server::Shutdown,
};

use super::{database::TestDatabase, proxy::Proxy, scratch::Scratch, sql_proxy::SqlProxy};

pub use super::{
    answer::{Answer, send},
    settings::{WEBHOOK_SECRET, start_of_time},
};
pub use people::{ADMIN, CLIENT, CORRECTOR, Person};
pub use setup::Setup;
use verdict::Seen;

/// A running server.
pub struct TestServer {
    pub state: AppState,
    pub clock: ManualClock,
    pub mails: Worker,
    pub scheduler: Scheduler,
    pub base: String,
    pub port: u16,
    pub http: reqwest::Client,
    /// What `UPLOADS_DIR` is, unless the test says otherwise.
    pub files: Scratch,
    pub database: Arc<TestDatabase>,
    shutdown: Shutdown,
    /// Between the server and its database, when statements are counted.
    wire: Option<SqlProxy>,
    seen: Mutex<Seen>,
}

impl TestServer {
    /// A server with the seeds.
    pub async fn start() -> Self {
        Setup::default().start().await
    }

    /// A server with some settings of its own.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Setup::default().settings(settings).start().await
    }

    /// A server with an empty database: no account, no price.
    pub async fn empty() -> Self {
        Setup::default().without_seeds().start().await
    }

    /// A server whose statements are counted.
    pub async fn counted() -> Self {
        Setup::default().counted().start().await
    }

    /// A server whose database is at the other end of a line.
    pub async fn behind(line: &Proxy) -> Self {
        Setup::default().behind(line).start().await
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

    /// `GET` with a session.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// `POST` of JSON with a session.
    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    /// Any request, with a session and a JSON body or without.
    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        send(request).await
    }

    /// Asks the server to stop, as SIGTERM does.
    pub fn stop(&self) {
        self.shutdown.stop();
    }

    /// Lets time pass.
    pub fn advance(&self, by: chrono::Duration) {
        self.clock.advance(by);
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

    /// Pays a session as its customer does on the simulated page; the answer is the redirection.
    pub async fn pay(&self, session_id: &str) -> Answer {
        send(self.request(Method::POST, &format!("/dev/stripe/checkout/{session_id}/pay"))).await
    }

    /// Keys of the objects kept, and whatever temporary file stays.
    pub fn objects(&self) -> Vec<String> {
        self.files.files()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.abort();
        if !std::thread::panicking() {
            self.judge();
        }
    }
}
