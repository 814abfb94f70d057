//! Means of payment that Stripe keeps for a customer.

use serde::Deserialize;

use super::reading::expandable;

/// A means of payment kept at Stripe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SavedMethod {
    /// `pm_...`.
    pub id: String,
    /// Such as `card`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Whose it is; nobody's until it is attached.
    #[serde(default, deserialize_with = "expandable")]
    pub customer: Option<String>,
    card: Option<CardDetails>,
}

/// What may be shown of a card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CardDetails {
    /// Such as `visa`.
    pub brand: String,
    /// Its last digits.
    pub last4: String,
    /// The last month in which it is valid.
    pub exp_month: u16,
    /// And its year, in four digits.
    pub exp_year: u16,
    /// The same for the same card, whoever gives it.
    pub fingerprint: Option<String>,
}

impl SavedMethod {
    /// The card, when it is one.
    pub fn card(&self) -> Option<&CardDetails> {
        self.card.as_ref().filter(|_| self.kind == "card")
    }
}
