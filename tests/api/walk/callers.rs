//! Everyone who may come to a door.

use staka::auth::Role;

use super::table::{Expected, Who};
use crate::support::server::{Person, TestServer};

/// Who calls.
pub struct Caller {
    pub token: Option<String>,
    /// Whose things are their own; nobody's are the author's.
    pub person: Person,
    /// Why they are no session, when they are none.
    dead: Option<&'static str>,
}

/// Their names, in the matrix too.
pub const NAMES: [&str; 9] = [
    "nobody",
    "client",
    "other-client",
    "corrector",
    "other-corrector",
    "admin",
    "disabled",
    "old-token",
    "garbage",
];

impl Caller {
    pub async fn of(server: &TestServer, name: &'static str) -> Self {
        let person = match name {
            "other-client" => server.other_client().await,
            "corrector" => server.corrector().await,
            "other-corrector" => server.other_corrector().await,
            "admin" => server.admin().await,
            "disabled" => server.disabled().await,
            "old-token" => server.old_token().await,
            _ => server.client().await,
        };
        let (token, dead) = match name {
            "nobody" => (None, Some("TOKEN_MISSING")),
            "garbage" => (Some(format!("{}x", person.token)), Some("TOKEN_INVALID")),
            "old-token" => (Some(person.token.clone()), Some("TOKEN_INVALID")),
            "disabled" => (Some(person.token.clone()), Some("ACCOUNT_INACTIVE")),
            _ => (Some(person.token.clone()), None),
        };
        Self { token, person, dead }
    }

    /// The refusal that comes before anything else, if any.
    pub fn refused(&self, who: Who) -> Option<Expected> {
        if who == Who::Anyone {
            return None;
        }
        if let Some(code) = self.dead {
            return Some(Expected::new(401, Some(code)));
        }
        let (admitted, code) = match (who, self.person.role) {
            (Who::Anyone | Who::Session, _) => return None,
            (Who::Client, role) => (role != Role::Corrector, "CLIENT_REQUIRED"),
            (Who::Corrector, role) => (role == Role::Corrector, "CORRECTOR_REQUIRED"),
            (Who::Staff, role) => (role != Role::User, "STAFF_REQUIRED"),
            (Who::Admin, role) => (role == Role::Admin, "ADMIN_REQUIRED"),
        };
        (!admitted).then(|| Expected::new(403, Some(code)))
    }
}
