//! What the tests share.

pub mod database;
pub mod outbox;
pub mod smtp;
