//! REST API server of Staka Livres.

pub mod clock;
pub mod dev;
pub mod payments;
