//! The database: the pool, transactions, retries, error classes, migrations,
//! and the private server of development and tests.
//!
//! | need                                   | use                                     |
//! |----------------------------------------|-----------------------------------------|
//! | read, or one statement that writes     | `let mut conn = db.conn().await?;` then `&mut *conn` |
//! | several statements that stand together | `db.begin()` inside [`with_retry`]      |
//! | "this address is taken already"        | [`violates`] with the name of the key   |
//! | one process at a time, across servers  | [`NamedLock`]                           |
//! | work that may fail and be tried again  | [`lease`], with the pauses of [`Backoff`] |
//! | a list that callers filter and order   | [`filter`], its rows declared by [`columns`] |
//! | 503 or 500?                            | [`is_unavailable`]                      |
//!
//! Nothing here knows a table of the domain.

mod backoff;
mod durability;
mod errors;
mod lock;
mod migrate;
mod parking;
mod pool;
mod retry;
mod transport;

pub mod columns;
pub mod filter;
pub mod lease;
pub mod private_server;
pub mod tables;

pub use backoff::Backoff;
pub use durability::Durability;
pub use errors::{is_referenced, is_unavailable, violates};
pub use lock::NamedLock;
pub use migrate::{MIGRATOR, MigrateError, Report, migrate, migrate_to, pending};
pub use pool::{Conn, Db, PoolSettings, Tx};
pub use retry::{Retryable, with_retry};
