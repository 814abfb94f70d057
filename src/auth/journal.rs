//! The audit rows of registrations, logins and resets.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::AppState,
    audit::{self, Act},
    events::Tx,
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

    fn account_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(user) => Some(user.id),
            Self::Address(_) | Self::Unknown => None,
        }
    }
}

/// Records an act in the transaction that does it.
pub async fn note(
    tx: &mut Tx,
    act: Act,
    who: &Who<'_>,
    details: impl Into<Option<Value>>,
) -> Result<(), sqlx::Error> {
    audit::record(tx, act, who.actor(), who.account_id(), details).await
}

/// Records a failure, which has no transaction of its own.
///
/// # Errors
/// When the database refuses.
pub async fn note_failure(state: &AppState, act: Act, who: &Who<'_>, reason: &str) -> ApiResult<()> {
    let details = json!({ "reason": reason });
    Ok(audit::record_alone(state, act, who.actor(), who.account_id(), details).await?)
}
