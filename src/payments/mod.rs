//! Payments: what we ask of Stripe, and what it tells us.

pub mod event;
pub mod service;
pub mod settlement;
pub mod signature;
pub mod stripe;
