//! Bell notifications: rows for the people an event concerns, and the routes that show them.
//!
//! | route                                     | who           | what                                        |
//! |-------------------------------------------|---------------|---------------------------------------------|
//! | `GET /notifications`                      | any session   | own ones, newest first, by page             |
//! | `GET /notifications/unread-count`         | any session   | `{count}`                                   |
//! | `PUT`, `PATCH /notifications/{id}/read`   | owner         | marks one read                              |
//! | `PUT`, `PATCH /notifications/read-all`    | any session   | marks all read                              |
//! | `DELETE /notifications/{id}`              | owner         | hides one for good                          |
//! | `POST /notifications/admin`               | administrator | tells all administrators                    |
//! | `GET /notifications/stream`               | any session   | Server-Sent Events                          |
//!
//! Deleted and expired ones are in no list and no count.

mod listener;
mod routes;
mod service;
mod store;
mod stream;

pub use listener::listen;
pub use routes::router;

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
