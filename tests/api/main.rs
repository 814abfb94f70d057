#[path = "../support/mod.rs"]
mod support;

mod db;
mod emails_render;
mod emails_transport;
mod private_server;
