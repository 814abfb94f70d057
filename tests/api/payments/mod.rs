//! Payments and invoices on the whole server, seen from outside: signed webhooks, the simulated
//! Stripe's page, and the API.

mod bench;
mod door;
mod settling;
