//! Figures for the people they are about.
//!
//! | route               | what it does                                  |
//! |---------------------|-----------------------------------------------|
//! | `GET /stats/annual` | what an author's invoices of a year come to   |

mod routes;
mod store;

pub use routes::router;
