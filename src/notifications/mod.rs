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

pub mod demo;
mod feed;
pub mod jobs;
mod listener;
pub mod personal;
mod routes;
mod service;
mod store;
mod stream;
mod streams;

pub use listener::Bells;
pub use routes::router;
pub use streams::Streams;

pub use crate::events::{BellKind as Kind, BellPriority as Priority};
