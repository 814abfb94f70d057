//! SQL of the conversations.

pub mod conversations;
pub mod writing;
