//! Conversations with the team: one per client, one per visitor address. All administrators share one inbox.
//!
//! Messages of a conversation are written while its row is locked, each later than the one before, so that what a reader
//! was shown is everything up to an instant, and marking that read never touches what came after. The unread messages
//! of each side are counted in the conversation's row by those who write and read.

pub mod personal;
pub mod service;
mod store;
mod welcome;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
