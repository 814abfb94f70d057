//! Bell notifications: rows for the people an event concerns, and the routes that show them.

mod listener;
mod store;

pub use listener::listen;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a notification is about; chooses its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Kind {
    Info,
    Success,
    Warning,
    Error,
    Payment,
    Order,
    Message,
    System,
    Consultation,
}

/// How much a notification presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Priority {
    Faible,
    Normale,
    Haute,
    Urgente,
}
