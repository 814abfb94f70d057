//! Payments: what we ask of Stripe, what it tells us, and the one function that settles an order.
//!
//! | route | what |
//! |---|---|
//! | `POST /payments/create-checkout-session` | a payment page for an unpaid order of the caller |
//! | `GET /payments/status/{sessionId}` | what became of it |
//! | `GET`, `POST /public/reprise/{token}` | the page a refused payment's mail leads to |
//! | `/payment-methods`, `/payments/methods` | the cards the caller keeps |
//! | `POST /payments/webhook` | Stripe's events, signed |
//! | `POST /payments/dev-webhook-simulate` | development: pay and settle a simulated session |
//!
//! A webhook, the reconcile job and an order that costs nothing all go through [`settlement`].

pub mod catalogue;
pub mod checkout;
pub mod closing;
mod customers;
pub mod departures;
pub mod desk;
pub mod event;
mod failures;
pub mod inbox;
pub mod jobs;
mod lines;
mod methods;
mod minimal;
pub mod offers;
pub mod personal;
pub mod reconcile;
pub mod refunding;
mod refunds;
mod refusals;
mod refused;
pub mod resuming;
mod routes;
pub mod service;
mod session_id;
pub mod settlement;
pub mod signature;
mod store;
pub mod stripe;
pub mod told;
mod unmatched;
mod webhook;

pub use routes::{development_router, router};
