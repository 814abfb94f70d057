//! Where a simulated session stands, in Stripe's words.

use serde::{Deserialize, Serialize};

/// Life of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// It may be paid.
    Open,
    /// Its customer is through.
    Complete,
    /// It lapsed.
    Expired,
}

/// State of its money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Not there, or not yet.
    Unpaid,
    /// There.
    Paid,
}

/// Reads a column of the simulator's tables, which are text.
macro_rules! from_column {
    ($($status:ty),+) => {$(
        impl TryFrom<String> for $status {
            type Error = serde_json::Error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                serde_json::from_value(text.into())
            }
        }
    )+};
}

from_column!(SessionStatus, PaymentStatus);
