//! What the tests share.

pub mod database;
pub mod outbox;
pub mod proxy;
pub mod server;
pub mod smtp;
