//! What the simulator's tests run on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{DateTime, Utc};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::Value;
use staka::clock::{Clock, ManualClock, new_id};
use staka::dev::stripe::{Settings, Simulator};
use staka::payments::event::StripeEvent;
use staka::payments::signature;
use staka::payments::stripe::{NewSession, StripeGateway, session_expiry};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::database::TestDatabase;

const SECRET: &str = "whsec_test";
/// Where the shop's pages are.
pub const SHOP: &str = "http://localhost:5173";

/// A simulator on a port and a database of its own, with a stub in the place of our endpoint.
pub struct Bench {
    pub base: String,
    pub simulator: Simulator,
    pub gateway: StripeGateway,
    pub clock: Clock,
    pub time: ManualClock,
    pub browser: reqwest::Client,
    pub endpoint: Endpoint,
    _database: TestDatabase,
}

impl Bench {
    pub async fn start() -> Self {
        let database = TestDatabase::empty().await;
        let (clock, time) = Clock::manual(DateTime::from_timestamp(1_770_000_000, 0).unwrap());
        let endpoint = Endpoint::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let simulator = Simulator::new(Settings {
            db: database.db(4).await,
            clock: clock.clone(),
            webhook_secret: SecretString::from(SECRET),
            webhook_url: endpoint.url.clone(),
            public_base_url: base.clone(),
        });
        simulator.prepare().await.unwrap();
        simulator.prepare().await.unwrap();
        serve(listener, Router::new().nest("/dev/stripe", simulator.router()));
        let gateway = StripeGateway::new("sk_test_x", Some(&format!("{base}/dev/stripe"))).unwrap();
        let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { base, simulator, gateway, clock, time, browser, endpoint, _database: database }
    }

    pub fn order(&self) -> NewSession {
        NewSession {
            idempotency_key: new_id(),
            amount: 35_000,
            product_name: "Pack KDP Autoédition".to_owned(),
            product_description: Some("« L'été » & autres nouvelles".to_owned()),
            customer_email: "zoé@example.com".to_owned(),
            customer: None,
            consent: None,
            success_url: format!("{SHOP}/payment-success?session_id={{CHECKOUT_SESSION_ID}}"),
            cancel_url: format!("{SHOP}/payment/cancel"),
            expires_at: session_expiry(self.clock.now()),
            metadata: BTreeMap::from([
                ("commandeId".to_owned(), "c-1".to_owned()),
                ("source".to_owned(), "livrestaka.fr".to_owned()),
            ]),
        }
    }

    pub async fn open(&self) -> String {
        self.gateway.create_session(self.order()).await.unwrap().id
    }

    pub fn page(&self, id: &str, action: &str) -> String {
        format!("{}/dev/stripe/checkout/{id}{action}", self.base)
    }

    /// Status and `Location` of a click without form.
    pub async fn click(&self, id: &str, action: &str) -> (u16, String) {
        answer(self.browser.post(self.page(id, action))).await
    }

    pub async fn events(&self) -> Vec<Value> {
        let url = format!("{}/dev/stripe/events", self.base);
        self.browser.get(url).send().await.unwrap().json().await.unwrap()
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location.unwrap_or_default())
}

pub fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// The stub of our webhook endpoint: answers as told (200 by default), hands over what came.
pub struct Endpoint {
    url: String,
    pub received: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    pub answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

type StubState = (mpsc::UnboundedSender<(HeaderMap, Bytes)>, Arc<Mutex<VecDeque<StatusCode>>>);

impl Endpoint {
    async fn start() -> Self {
        async fn receive(
            State((sender, answers)): State<StubState>,
            headers: HeaderMap,
            body: Bytes,
        ) -> (StatusCode, &'static str) {
            sender.send((headers, body)).unwrap();
            let status = answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
            (status, "answer of the endpoint")
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/payments/webhook", listener.local_addr().unwrap());
        let (sender, received) = mpsc::unbounded_channel();
        let answers = Arc::<Mutex<VecDeque<_>>>::default();
        let state: StubState = (sender, answers.clone());
        serve(listener, Router::new().route("/payments/webhook", post(receive)).with_state(state));
        Self { url, received, answers }
    }

    /// The next delivery, its signature checked.
    pub async fn next(&mut self, now: DateTime<Utc>) -> StripeEvent {
        let (headers, body) = self.received.recv().await.unwrap();
        let header = headers["stripe-signature"].to_str().unwrap();
        signature::verify(header, &body, &[SecretString::from(SECRET)], now).unwrap();
        StripeEvent::parse(&body).unwrap()
    }

    pub fn nothing_more(&mut self) {
        assert!(self.received.try_recv().is_err(), "an unexpected webhook was delivered");
    }
}
