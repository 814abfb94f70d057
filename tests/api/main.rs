#[path = "../support/mod.rs"]
mod support;

mod db;
mod private_server;
