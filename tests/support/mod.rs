//! What the tests share.

pub mod database;
pub mod outbox;
pub mod server;
pub mod smtp;
