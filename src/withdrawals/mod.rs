//! Withdrawal from a contract concluded at a distance (code de la consommation, articles L221-18 to L221-28): the function
//! that article L221-21 asks for, and what becomes of a declaration.
//!
//! | route | what |
//! |---|---|
//! | `GET /public/retractation` | the form, without an account |
//! | `POST /public/retractation` | what is about to be declared, once more, with the button that declares it |
//! | `POST /public/retractation/confirmer` | declares it: shown and mailed, to the second |
//! | `POST /commandes/{id}/retractation` | the same for a connected author |
//!
//! A declaration is recorded as it was made, whatever it names; its order is found afterwards, by [`matching`], so that
//! neither the answer nor its time tells whether there is one. [`term`] knows until when, [`share`] how much is kept.

pub mod declaration;
pub mod jobs;
pub mod matching;
mod number;
mod page;
pub mod personal;
mod routes;
pub mod service;
pub mod share;
mod store;
pub mod term;
pub mod told;

use serde::Serialize;
use utoipa::ToSchema;

pub use routes::router;

/// Where a declaration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = WithdrawalState)]
pub enum State {
    /// Received, to be decided.
    Received,
    /// Accepted; what is owed is to be given back.
    Accepted,
    /// Refused, with a reason.
    Refused,
    /// Given back.
    Refunded,
}
