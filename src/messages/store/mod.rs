//! SQL of the conversations.

pub mod attachments;
pub mod conversations;
pub mod joining;
pub mod lists;
pub mod marks;
pub mod search;
pub mod sides;
pub mod threads;
pub mod writing;
