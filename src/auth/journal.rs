//! The audit rows of registrations, logins and resets.

use serde_json::{Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    app::AppState,
    audit::{self, Entry, Severity, Target},
    http::error::ApiResult,
    users::User,
};

/// Whose doing it was.
pub enum Who<'a> {
    /// An account.
    Account(&'a User),
    /// Someone who typed an address that has no account.
    Address(&'a str),
    /// Nobody knows.
    Unknown,
}

impl<'a> Who<'a> {
    /// The account, else the address that was typed.
    pub fn of(user: Option<&'a User>, typed: &'a str) -> Self {
        user.map_or(Self::Address(typed), Self::Account)
    }

    fn actor(&self) -> &'a str {
        match self {
            Self::Account(user) => &user.email,
            Self::Address(email) => email,
            Self::Unknown => "unknown",
        }
    }

    fn target_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(user) => Some(user.id),
            Self::Address(_) | Self::Unknown => None,
        }
    }
}

/// Records an act in the transaction that does it.
pub async fn note(
    conn: &mut MySqlConnection,
    state: &AppState,
    who: &Who<'_>,
    action: &'static str,
    severity: Severity,
    details: Option<Value>,
) -> Result<(), sqlx::Error> {
    let entry = Entry {
        actor: who.actor(),
        action,
        target: Target::Auth,
        target_id: who.target_id().map(|id| id.to_string()),
        details,
        severity,
    };
    audit::record(conn, &state.clock, entry).await
}

/// Records a failure, which has no transaction of its own.
///
/// # Errors
/// When the database refuses.
pub async fn note_failure(
    state: &AppState,
    who: &Who<'_>,
    action: &'static str,
    severity: Severity,
    reason: &str,
) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    note(&mut conn, state, who, action, severity, Some(json!({ "reason": reason }))).await?;
    Ok(())
}
