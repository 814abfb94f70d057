//! Staka Livres: manuscript correction, ordered, paid, followed and invoiced online.

pub mod clock;
pub mod files;
pub mod http;
pub mod tarifs;
