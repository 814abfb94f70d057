//! A Stripe to develop against: the API calls we make, a payment page to click through, and signed
//! webhooks to our own endpoint. Its state lives in tables of its own (`dev_stripe_*`), so it
//! survives restarts and never mixes with ours.
//!
//! Mounted at `/dev/stripe`, in development without a Stripe key only:
//!
//! | Route | What it does |
//! |---|---|
//! | `POST /v1/checkout/sessions` | opens a session (Stripe's API, as all below that begin with `/v1`) |
//! | `GET /v1/checkout/sessions/{id}` | its present state |
//! | `POST /v1/checkout/sessions/{id}/expire` | closes it |
//! | `POST /v1/refunds` | gives money back |
//! | `GET /v1/balance` | proves the key |
//! | `POST /v1/customers`, `DELETE /v1/customers/{id}` | makes and deletes a customer |
//! | `GET /v1/customers/{id}/payment_methods` | the cards they keep |
//! | `POST /v1/setup_intents` | prepares the saving of a card |
//! | `GET /v1/payment_methods/{id}`, `POST .../attach`, `POST .../detach` | a card, given to a customer and taken back |
//! | `GET /checkout/{id}` | the payment page |
//! | `POST /checkout/{id}/pay` | pays; with `delayed=true` the money comes with `settle` |
//! | `POST /checkout/{id}/settle`, `/settle-fail` | the delayed money comes, or does not |
//! | `POST /checkout/{id}/fail` | the card is refused, the page stays open |
//! | `POST /checkout/{id}/expire` | the session lapses |
//! | `GET /events` | the latest webhooks and how their deliveries went (JSON) |
//! | `POST /events/{id}/resend` | delivers one again |
//!
//! The `POST /checkout/...` routes take the page's form, or a JSON object with the same fields
//! (`name, email, line1, line2, postal_code, city, country, card, terms, delayed`), or nothing at all;
//! `delayed=true` also works in the query. They answer 303 to where Stripe would send the customer,
//! after the webhook was answered (10 s at most), or 409 with the page when the session's state does
//! not allow the step. Paying twice is no error: the second time only redirects.
//!
//! A page with a box for the terms is paid with `terms=true` only: else 409 with the page.
//!
//! A customer whose address begins with the name of one of Stripe's errors is refused a session for that reason:
//! `email_invalid@`, `amount_too_small@`, `parameter_invalid_string_blank@` (the title), `parameter_invalid_integer@` (an
//! expiry of ours), `api_key_expired@`, `rate_limit@` and `api_error@`.

#![allow(clippy::disallowed_types, reason = "refusals here are Stripe's, not the API's")]
#![allow(clippy::indexing_slicing, reason = "a JSON value answers null for a key it lacks")]

mod api;
mod cards;
mod catalogue;
mod checkout;
mod failure;
mod objects;
mod page;
mod params;
mod status;
mod steps;
mod store;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::db::Db;

/// What the simulator is made of.
#[derive(Clone)]
pub struct Settings {
    /// Where its tables are.
    pub db: Db,
    /// Dates its objects, signatures and retries.
    pub clock: Clock,
    /// Signs the webhooks: the server's own `STRIPE_WEBHOOK_SECRET`.
    pub webhook_secret: SecretString,
    /// Receives the webhooks: our own `/payments/webhook`, over plain HTTP.
    pub webhook_url: String,
    /// Scheme, host and port under which browsers reach this server, such as
    /// `http://localhost:3000`.
    pub public_base_url: String,
}

/// The simulated Stripe. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Simulator {
    settings: Settings,
    client: webhooks::Client,
    /// Woken when a webhook is due at once.
    due: Arc<Notify>,
}

impl Simulator {
    /// A simulator over `settings`; call [`Self::prepare`] before use.
    pub fn new(settings: Settings) -> Self {
        Self { settings, client: webhooks::client(), due: Arc::default() }
    }

    /// Creates its tables where they are missing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn prepare(&self) -> Result<(), sqlx::Error> {
        store::create_tables(&self.settings.db).await
    }

    /// Its routes, to be nested at `/dev/stripe`.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/v1/checkout/sessions", post(api::create))
            .route("/v1/checkout/sessions/{id}", get(api::retrieve))
            .route("/v1/checkout/sessions/{id}/expire", post(api::expire))
            .route("/v1/refunds", post(api::refund))
            .route("/v1/products", post(catalogue::create_product))
            .route("/v1/products/{id}", get(catalogue::product).post(catalogue::change_product))
            .route("/v1/prices", post(catalogue::create_price))
            .route("/v1/prices/{id}", get(catalogue::price).post(catalogue::change_price))
            .route("/v1/balance", get(api::balance))
            .route("/v1/customers", post(cards::create_customer))
            .route("/v1/customers/{id}", delete(cards::delete_customer))
            .route("/v1/customers/{id}/payment_methods", get(cards::list))
            .route("/v1/setup_intents", post(cards::create_setup_intent))
            .route("/v1/payment_methods/{id}", get(cards::retrieve))
            .route("/v1/payment_methods/{id}/attach", post(cards::attach))
            .route("/v1/payment_methods/{id}/detach", post(cards::detach))
            .route("/checkout/{id}", get(checkout::show))
            .route("/checkout/{id}/pay", post(checkout::pay))
            .route("/checkout/{id}/settle", post(checkout::settle))
            .route("/checkout/{id}/settle-fail", post(checkout::settle_fail))
            .route("/checkout/{id}/fail", post(checkout::fail))
            .route("/checkout/{id}/expire", post(checkout::expire))
            .route("/events", get(webhooks::list))
            .route("/events/{id}/resend", post(webhooks::resend))
            .with_state(self.clone())
    }
}
