//! Accounts: who someone is, and how they prove it.

mod activation;
mod changes;
pub mod jobs;
mod journal;
mod login_guard;
pub mod managing;
mod pace;
mod passwords;
pub mod personal;
mod resets;
pub mod roles;
mod routes;
pub mod secret_links;
mod service;
mod session;
mod store;
mod tickets;
mod tokens;
pub mod told;
mod wire;

pub use crate::users::{Role, SessionUser, UNUSABLE};
pub use changes::change_password;
pub use passwords::{Passwords, Verdict};
pub use roles::{Admin, Client, Corrector, Staff};
pub use routes::router;
pub use session::{MaybeSession, Session, Sessions, end_sessions, session_stands};
pub use store::void_reset_tokens;
pub use tokens::SessionTokens;
