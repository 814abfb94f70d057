//! The server as its users see it: real HTTP, a real database.

mod stripe_gateway;
mod stripe_simulator;
