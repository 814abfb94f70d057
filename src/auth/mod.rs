//! Accounts: who someone is, and how they prove it.

mod activation;
mod journal;
mod login_guard;
mod passwords;
mod resets;
mod routes;
pub mod secret_links;
mod service;
mod session;
mod store;
mod tokens;
pub mod told;
mod wire;

pub use passwords::{Passwords, UNUSABLE, Verdict};
pub use routes::router;
pub use session::{Admin, MaybeSession, Session, SessionUser, Sessions, bearer};
pub use store::void_reset_tokens;
pub use tokens::{Claims, SessionTokens};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an account may do. The database decides, not the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
pub enum Role {
    /// An author.
    User,
    /// Runs the platform.
    Admin,
    /// Corrects manuscripts.
    Corrector,
}

impl Role {
    /// The wire form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Admin => "ADMIN",
            Self::Corrector => "CORRECTOR",
        }
    }
}
