//! Putting a server together, for the tests that need it otherwise than usual.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::Router;
use chrono::{DateTime, Utc};
use reqwest::redirect::Policy;
use staka::{
    app::{AppState, build_app},
    clock::Clock,
    db::{Db, PoolSettings},
    http::Bounds,
    launch::launch,
    server::{self, ServerSettings, Shutdown},
};
use tokio::net::TcpListener;

use super::{
    super::{database::TestDatabase, proxy::Proxy, scratch::Scratch, settings, sql_proxy::SqlProxy},
    TestServer, start_of_time,
    verdict::Seen,
};

/// A server to be: seeded, at the [start of time](start_of_time), with the settings of tests, unless told otherwise.
#[derive(Default)]
pub struct Setup<'a> {
    settings: Vec<(&'a str, &'a str)>,
    now: Option<DateTime<Utc>>,
    bare: bool,
    counted: bool,
    line: Option<&'a Proxy>,
    routes: Router<AppState>,
    bounds: Option<Bounds>,
    database: Option<Arc<TestDatabase>>,
}

impl<'a> Setup<'a> {
    /// Adds settings.
    pub fn settings(mut self, settings: &[(&'a str, &'a str)]) -> Self {
        self.settings.extend(settings);
        self
    }

    /// Begins at another instant.
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = Some(now);
        self
    }

    /// Leaves every table empty.
    pub fn without_seeds(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Counts statements: see [`TestServer::assert_statements`].
    pub fn counted(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Puts a line that can be cut between the server and its database.
    pub fn behind(mut self, line: &'a Proxy) -> Self {
        self.line = Some(line);
        self
    }

    /// Adds routes.
    pub fn routes(mut self, routes: Router<AppState>) -> Self {
        self.routes = routes;
        self
    }

    /// Bounds other than those of the settings.
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = Some(bounds);
        self
    }

    /// Shares the database of another server.
    pub fn beside(mut self, other: &TestServer) -> Self {
        self.database = Some(Arc::clone(&other.database));
        self
    }

    /// Starts it.
    pub async fn start(mut self) -> TestServer {
        let database = match (self.database.take(), self.bare) {
            (Some(shared), _) => shared,
            (None, true) => Arc::new(TestDatabase::with_tables().await),
            (None, false) => Arc::new(TestDatabase::seeded().await),
        };
        let (db, wire) = self.connect(&database).await;
        let (clock, manual) = Clock::manual(self.now.unwrap_or_else(start_of_time));
        let files = Scratch::new();
        let mut config = settings::config(database.url(), &files, &self.settings);
        if let Some(bounds) = self.bounds {
            config.bounds = bounds;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = Shutdown::new();
        let launched = launch(config, db, clock, port, &shutdown, settings::metrics()).await.unwrap();
        let app = match self.routes.has_routes() {
            true => build_app(&launched.state, self.routes).unwrap(),
            false => launched.app,
        };
        // Nothing runs in the background: the tests look at what it would find.
        tokio::spawn(server::serve(listener, app, ServerSettings::default(), shutdown.clone()));
        TestServer {
            state: launched.state,
            clock: manual,
            mails: launched.mails,
            scheduler: launched.scheduler,
            base: format!("http://127.0.0.1:{port}"),
            port,
            http: reqwest::Client::builder().redirect(Policy::none()).build().unwrap(),
            files,
            database,
            shutdown,
            wire,
            seen: Mutex::new(Seen::default()),
        }
    }

    async fn connect(&self, database: &TestDatabase) -> (Db, Option<SqlProxy>) {
        let wire = if self.counted { Some(SqlProxy::start(database.url()).await) } else { None };
        let (url, settings) = match (&wire, self.line) {
            // One connection: every statement is prepared where it will be needed again.
            (Some(wire), _) => {
                (wire.url().to_owned(), PoolSettings { max_connections: 1, ..PoolSettings::default() })
            }
            (None, Some(line)) => {
                let acquire_timeout = Duration::from_millis(500);
                let settings =
                    PoolSettings { max_connections: 5, acquire_timeout, ..PoolSettings::default() };
                (line.lead_to_database(database.url()), settings)
            }
            (None, None) => {
                (database.url().to_owned(), PoolSettings { max_connections: 5, ..PoolSettings::default() })
            }
        };
        (Db::connect(&url, settings).await.unwrap(), wire)
    }
}
