//! What replaces the outside world in development; mounted nowhere else.

pub mod mailbox;
pub mod stripe;
