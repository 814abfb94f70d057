//! Conversations with the team: one per client, one per visitor address. All administrators share one inbox.
//!
//! Messages of a conversation are written while its row is locked, each later than the one before, so that what a reader
//! was shown is everything up to an instant, and marking that read never touches what came after. The unread messages
//! of each side are counted in the conversation's row by those who write and read.
//!
//! | route                                                          | who           | what                                  |
//! |----------------------------------------------------------------|---------------|---------------------------------------|
//! | `POST /messages/visitor`                                       | anyone        | the chat of the public site           |
//! | `GET /messages`, `/messages/conversations`                     | any session   | own conversations, or the inbox       |
//! | `POST /messages`, `/messages/conversations`                    | any session   | writes to the team, or for it         |
//! | `GET /messages/threads/{threadId}`                             | participant   | messages, read by looking             |
//! | `POST /messages/threads/{threadId}/reply`                      | participant   | writes                                |
//! | `GET /messages/{id}`, `/messages/conversations/{id}`           | participant   | the same by the conversation's id     |
//! | `POST /messages/conversations/{id}/reply`, `/mark-read`        | participant   | writes; reads                         |
//! | `PATCH /messages/conversations/{id}/archive`, `/unarchive`     | client, admin | per side                              |
//! | `GET /messages/search`                                         | any session   | own messages, or all, by words        |
//! | `PUT /messages/{id}`, `/{id}/read`, `/{id}/archive`            | participant   | one message, per side                 |
//! | `DELETE /messages/{id}`                                        | client, admin | out of the sight of one side          |
//! | `GET /messages/unread-count`                                   | administrator | `{count}` of the inbox                |
//! | `POST /messages/bulk`                                          | administrator | several messages                      |
//! | `POST /messages/admin/conversations/create`                    | administrator | writes to an account                  |
//! | `DELETE /messages/admin/conversations/{threadId}`              | administrator | out of the team's sight               |
//! | `GET`, `POST /public/conversation/{token}`                     | link holder   | a visitor's conversation, as a page   |
//!
//! `{id}` of a conversation takes thread ids too: `admin-support`, a client's account, a visitor's address.

mod access;
mod answering;
mod attachments;
pub mod demo;
mod joining;
pub mod page;
pub mod personal;
mod posting;
mod reading;
mod routes;
mod search;
pub mod service;
mod store;
pub mod told;
mod verbs;
mod visitors;
mod welcome;
mod wire;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use joining::Joining;
pub use routes::router;
pub use welcome::welcome;

/// Longest message, in characters.
pub const CONTENT_MAX: usize = 10_000;

/// Longest subject, in characters.
pub const SUBJECT_MAX: usize = 255;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = MessageType)]
#[allow(missing_docs, reason = "the words of the web application")]
pub enum Kind {
    UserMessage,
    SystemMessage,
    Notification,
    SupportMessage,
    AdminMessage,
    ConsultationRequest,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = MessageStatut)]
#[allow(missing_docs, reason = "the words of the web application")]
pub enum Statut {
    Brouillon,
    Envoye,
    Delivre,
    Lu,
    Archive,
}
