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

#[allow(dead_code, reason = "a harness offers more than today's tests take")]
#[path = "../support/mod.rs"]
mod support;

mod account;
mod accounts;
mod addresses;
mod admin_commandes;
mod admin_content;
mod admin_emails;
mod admin_events;
mod admin_factures;
mod admin_stats;
mod admin_tarifs;
mod admin_users;
mod annual;
mod audit;
mod backup;
mod bells;
mod bounds;
mod cards;
mod cli;
mod compose;
mod configuration;
mod consultations;
mod content;
mod corrector;
mod crash;
mod db;
mod demo;
mod description;
mod dev_seeding;
mod documents;
mod emails_render;
mod emails_transport;
mod exports;
mod feed;
mod file_links;
mod forms;
mod harness;
mod health_command;
mod house;
mod http;
mod import;
mod invoice_document;
mod jobs;
mod journeys;
mod lists;
mod mailbox;
mod messages;
mod moves;
mod nginx;
mod notifications;
mod object_store;
mod offered;
mod orders;
mod orphans;
mod outbox;
mod payments;
mod placing;
mod privacy;
mod private_server;
mod projects;
mod queues;
mod references;
mod shop;
mod statements;
mod stripe_gateway;
mod stripe_simulator;
mod tarifs;
mod uploads;
mod walk;
mod withdrawals;
