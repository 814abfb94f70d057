//! Figures: for authors about their own orders, for administrators about the whole.
//!
//! | route                        | what it does                                                |
//! |------------------------------|-------------------------------------------------------------|
//! | `GET /stats/annual`          | what an author's invoices of a year come to                 |
//! | `GET /admin/stats`           | twelve months of revenue, accounts and orders (`admin/stats.rs`) |
//!
//! Revenue has one definition, [`crate::invoices::totals`]. Months are those of Europe/Paris.

mod counts;
pub mod figures;
pub mod months;
pub mod recount;
mod routes;
mod store;

pub use counts::LatestPayment;
pub use figures::{Board, Conversions, Figures, conversions};
pub use routes::router;
