//! What an outsider can hold of the server: so much, and no more.

mod bodies;
mod budgets;
mod connections;
mod memory;
mod outages;
pub mod raw;
mod streams;
mod uploads;
