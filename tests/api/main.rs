//! The whole server, over HTTP and a real database.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and plays the outside world"
)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod configuration;
mod crash;
mod db;
mod emails_render;
mod emails_transport;
mod health_command;
mod http;
mod invoice_document;
mod jobs;
mod journeys;
mod mailbox;
mod notifications;
mod outbox;
mod payments;
mod orders;
mod private_server;
mod projects;
mod shop;
mod stripe_gateway;
mod stripe_simulator;
mod tarifs;
