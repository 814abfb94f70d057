//! What the tests share.

pub mod database;
pub mod outbox;
pub mod program;
pub mod proxy;
pub mod server;
pub mod smtp;
pub mod sql_proxy;
