//! What visitors of the public site leave with us.

pub mod personal;
