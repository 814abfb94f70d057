//! What the tests share.

pub mod database;
pub mod outbox;
pub mod program;
pub mod proxy;
#[allow(dead_code, reason = "a harness offers more than today's tests take")]
pub mod server;
pub mod smtp;
pub mod sql_proxy;
