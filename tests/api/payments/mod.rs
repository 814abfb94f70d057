//! Payments and invoices on the whole server, seen from outside: signed webhooks, the simulated
//! Stripe's page, and the API.

mod amounts;
pub mod bench;
mod checkout;
mod closing;
mod dates;
mod door;
mod failures;
pub mod invoices;
mod numbering;
mod outages;
mod reconcile;
mod refunds;
mod rendering;
mod retries;
mod settling;
mod sold;
