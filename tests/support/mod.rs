//! What the tests share: one harness.
//!
//! A test starts a [`server::TestServer`] and speaks HTTP to it; whoever calls is a [`server::Person`] with a minted
//! token; what it needs is written as rows or made through the doors; an answer is asserted with [`answer::Answer`]'s
//! `ok` and `refused`. The other modules stand in for what is around a server: its database and the line to it, a mail
//! server, the process it runs in.

pub mod answer;
pub mod database;
pub mod nginx;
pub mod outbox;
pub mod program;
pub mod proxy;
pub mod s3;
pub mod scratch;
pub mod server;
pub mod settings;
pub mod small_disk;
pub mod smtp;
pub mod sql_proxy;
pub mod stream;
