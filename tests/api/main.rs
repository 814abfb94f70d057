#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod cli;
mod crash;
mod db;
mod emails_render;
mod emails_transport;
mod http;
mod invoice_document;
mod jobs;
mod journeys;
mod mailbox;
mod notifications;
mod outbox;
mod orders;
mod orphans;
mod private_server;
mod projects;
mod shop;
mod stripe_gateway;
mod stripe_simulator;
mod tarifs;
