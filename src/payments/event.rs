//! What we read of Stripe's objects, and nothing more: an unknown or absent field never fails, so
//! an event of another API version is still understood. A Checkout session is the same type here
//! and in the gateway's answers, since webhook and reconciliation settle through one function.

mod reading;
mod saved;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use reading::{expandable, or_default};

pub use reading::{Cents, PaymentRef};
pub use saved::{CardDetails, SavedMethod};

/// Stripe's key-value pairs on an object.
pub type Metadata = BTreeMap<String, String>;

/// An object of Stripe that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The body is not JSON, or lacks what makes it an event: `id`, `type`, `data.object`.
    #[error("not a Stripe event: {0}")]
    NotAnEvent(#[source] serde_json::Error),
    /// The event's object is not of the kind its type announces.
    #[error("unexpected object in the event: {0}")]
    UnexpectedObject(#[source] serde_json::Error),
}

/// One webhook event. The object stays raw; the typed views below read what they need of it.
#[derive(Debug, Clone)]
pub struct StripeEvent {
    /// `evt_...`, unique per event, the same in each delivery of it.
    pub id: String,
    /// Such as `checkout.session.completed`.
    pub kind: String,
    /// When Stripe made the event.
    pub created: Option<DateTime<Utc>>,
    /// False for test data.
    pub livemode: Option<bool>,
    /// The object the event speaks of, as it was when the event was made.
    pub object: Value,
    /// For `*.updated` and refunds: the former values of what changed; `null` otherwise.
    pub previous: Value,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, with = "chrono::serde::ts_seconds_option")]
    created: Option<DateTime<Utc>>,
    livemode: Option<bool>,
    data: EnvelopeData,
}

#[derive(Deserialize)]
struct EnvelopeData {
    object: Value,
    #[serde(default)]
    previous_attributes: Value,
}

impl StripeEvent {
    /// Reads an event from the bytes of a verified webhook (see [`super::signature`]).
    ///
    /// # Errors
    /// [`EventError::NotAnEvent`].
    pub fn parse(body: &[u8]) -> Result<Self, EventError> {
        let read: Envelope = serde_json::from_slice(body).map_err(EventError::NotAnEvent)?;
        Ok(Self {
            id: read.id,
            kind: read.kind,
            created: read.created,
            livemode: read.livemode,
            object: read.data.object,
            previous: read.data.previous_attributes,
        })
    }

    /// The site the object was made for: several share the Stripe account, and each marks its
    /// own objects with `metadata.source`.
    pub fn source(&self) -> Option<&str> {
        self.object.get("metadata")?.get("source")?.as_str()
    }

    /// The identifier of the object the event speaks of.
    pub fn object_id(&self) -> Option<&str> {
        self.object.get("id")?.as_str()
    }

    /// The object of a `checkout.session.*` event.
    ///
    /// # Errors
    /// [`EventError::UnexpectedObject`], as for each view below.
    pub fn checkout_session(&self) -> Result<CheckoutSession, EventError> {
        self.view()
    }

    /// The object of a `payment_intent.*` event.
    ///
    /// # Errors
    /// [`EventError::UnexpectedObject`].
    pub fn payment_intent(&self) -> Result<PaymentIntent, EventError> {
        self.view()
    }

    /// The object of a `charge.*` event, disputes and refunds excepted.
    ///
    /// # Errors
    /// [`EventError::UnexpectedObject`].
    pub fn charge(&self) -> Result<Charge, EventError> {
        self.view()
    }

    /// The object of a `charge.dispute.*` event.
    ///
    /// # Errors
    /// [`EventError::UnexpectedObject`].
    pub fn dispute(&self) -> Result<Dispute, EventError> {
        self.view()
    }

    /// The object of a `refund.*` or `charge.refund.*` event.
    ///
    /// # Errors
    /// [`EventError::UnexpectedObject`].
    pub fn refund(&self) -> Result<Refund, EventError> {
        self.view()
    }

    fn view<T: DeserializeOwned>(&self) -> Result<T, EventError> {
        T::deserialize(&self.object).map_err(EventError::UnexpectedObject)
    }
}

/// A Checkout session: one attempt of a customer to pay one order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckoutSession {
    /// `cs_...`.
    pub id: String,
    /// The row of `checkout_sessions` it was opened for.
    pub client_reference_id: Option<String>,
    /// Whether the page is still open.
    #[serde(default)]
    pub status: SessionStatus,
    /// Whether the money is there.
    #[serde(default)]
    pub payment_status: PaymentStatus,
    /// What the customer pays, in cents, all included.
    pub amount_total: Option<Cents>,
    /// Lower-case ISO 4217.
    pub currency: Option<String>,
    /// Absent until the customer tried to pay.
    pub payment_intent: Option<PaymentRef>,
    /// Our `userId, commandeId, pendingCommandeId, source`.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
    /// What the customer typed on the page.
    pub customer_details: Option<CustomerDetails>,
    /// What the customer agreed to on the page.
    pub consent: Option<Consent>,
    /// The page to send the customer to; absent once the session is closed.
    pub url: Option<String>,
    /// When an unpaid session closes by itself.
    #[serde(default, with = "chrono::serde::ts_seconds_option")]
    pub expires_at: Option<DateTime<Utc>>,
}

impl CheckoutSession {
    /// Whether the order may be settled: paid, or nothing was due. A completed session is not
    /// enough: with a delayed method the money comes days later.
    pub fn is_settled(&self) -> bool {
        matches!(self.payment_status, PaymentStatus::Paid | PaymentStatus::NoPaymentRequired)
    }

    /// What Stripe calls its payment.
    pub fn intent(&self) -> Option<&str> {
        self.payment_intent.as_ref().map(|payment| payment.id.as_str())
    }

    /// Whether the customer ticked the box of the page.
    pub fn has_consent(&self) -> bool {
        let given = self.consent.as_ref().and_then(|consent| consent.terms_of_service.as_deref());
        given == Some("accepted")
    }

    /// When the money was debited, of a session read with its payment.
    pub fn debited_at(&self) -> Option<DateTime<Utc>> {
        self.payment_intent.as_ref()?.debited_at
    }
}

/// What a customer agreed to on the payment page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Consent {
    /// `accepted` when the box was ticked.
    pub terms_of_service: Option<String>,
}

/// Life of a Checkout session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// The customer may still pay.
    Open,
    /// The customer is through; the money may still be on its way.
    Complete,
    /// Closed without a payment.
    Expired,
    /// Absent, or a value newer than this code.
    #[default]
    #[serde(other)]
    Unknown,
}

/// State of the money of a Checkout session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Received.
    Paid,
    /// Not received, or not yet.
    Unpaid,
    /// Nothing was due.
    NoPaymentRequired,
    /// Absent, or a value newer than this code.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The buyer as typed on the payment page: the invoice's addressee.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerDetails {
    /// Name of the person or business.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Billing address.
    pub address: Option<Address>,
}

/// A postal address; every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Number and street.
    pub line1: Option<String>,
    /// Building, floor.
    pub line2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or region.
    pub state: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// A payment, over all its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentIntent {
    /// `pi_...`.
    pub id: String,
    /// Copied from the session that opened it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
    /// Why the last attempt failed.
    pub last_payment_error: Option<PaymentError>,
}

/// Why a payment attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentError {
    /// Such as `card_declined`.
    pub code: Option<String>,
    /// Stripe's sentence, in the language of the page.
    pub message: Option<String>,
}

/// A successful debit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Charge {
    /// `ch_...`.
    pub id: String,
    /// The payment it belongs to.
    #[serde(default, deserialize_with = "expandable")]
    pub payment_intent: Option<String>,
    /// Debited, in cents.
    #[serde(default)]
    pub amount: Cents,
    /// Given back so far, in cents.
    #[serde(default)]
    pub amount_refunded: Cents,
    /// The refunds, newest first; API versions since 2022-11-15 leave them out.
    pub refunds: Option<RefundList>,
    /// Copied from the payment intent.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

/// The refunds of a charge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RefundList {
    /// Newest first.
    #[serde(default)]
    pub data: Vec<Refund>,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// `re_...`.
    pub id: String,
    /// In cents.
    #[serde(default)]
    pub amount: Cents,
    /// The debit it returns.
    #[serde(default, deserialize_with = "expandable")]
    pub charge: Option<String>,
    /// The payment it returns.
    #[serde(default, deserialize_with = "expandable")]
    pub payment_intent: Option<String>,
    /// `pending`, `succeeded`, `failed`, ...
    pub status: Option<String>,
    /// Given when the refund was asked for.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

/// A debit contested by the card's holder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dispute {
    /// `dp_...` (`du_...` in newer API versions).
    pub id: String,
    /// The contested debit.
    #[serde(default, deserialize_with = "expandable")]
    pub charge: Option<String>,
    /// The contested payment.
    #[serde(default, deserialize_with = "expandable")]
    pub payment_intent: Option<String>,
    /// Contested, in cents.
    #[serde(default)]
    pub amount: Cents,
    /// Such as `fraudulent` or `product_not_received`.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests;
