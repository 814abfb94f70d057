//! Exports of personal data: rows that wait to be made, the archives made of them, and the page they are fetched from.
//!
//! What a person is handed is gathered in [`crate::privacy`], which fills the rows of this folder.
//!
//! | route                                | who      | what it does                       |
//! |--------------------------------------|----------|------------------------------------|
//! | `GET /public/mes-donnees/{token}`    | the link | a page with a button               |
//! | `POST /public/mes-donnees/{token}`   | the link | the ZIP                            |

pub mod archive;
pub mod jobs;
pub mod personal;
mod routes;
mod sheet;
pub mod store;
pub mod told;

pub use routes::{path, router};

use chrono::TimeDelta;

/// How long an export can be fetched.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
