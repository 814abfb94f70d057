//! Staka Livres: manuscript correction, ordered, paid, followed and invoiced online.

pub mod app;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod commandes;
pub mod config;
pub mod db;
pub mod dev;
pub mod emails;
pub mod events;
pub mod files;
pub mod http;
pub mod invoices;
pub mod jobs;
pub mod links;
pub mod messages;
pub mod notifications;
pub mod payments;
pub mod projects;
pub mod server;
pub mod tarifs;
pub mod telemetry;
pub mod users;
