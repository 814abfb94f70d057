//! The sealed chain of the audit log: whoever changes, removes, adds or reorders rows of the past is found.
//!
//! A job gathers the rows that no seal covers yet, in batches, and writes a seal of each: a digest of every row, a digest
//! of these, and the hash of the seal before. Nothing of it touches the way a row is written: a transaction that commits
//! late simply brings its row to a later seal, whatever its number.
//!
//! | what somebody does to the tables        | what gives it away                                               |
//! |-----------------------------------------|------------------------------------------------------------------|
//! | changes, removes or adds a sealed row   | the digests of its seal, which also say which row                |
//! | exchanges two rows                      | their numbers are part of their digests                          |
//! | adds a row to the past                  | it is older than the seal before its own                         |
//! | changes or removes a seal               | its hash, and the next seal, which quotes it                     |
//! | removes the last seals and their rows   | an anchor kept elsewhere: each seal is told to the server's log  |
//! | removes rows and says they were purged  | no recorded cleanup covers the seal                              |
//!
//! A cleanup removes whole seals' rows, the oldest first, and leaves the seals: the chain stays whole.

mod digest;
mod findings;
pub mod purge;
mod seal;
mod store;
mod verify;

pub use findings::Finding;
pub use seal::{BATCH, seal_all};
pub use verify::{Anchor, Report, verify};
