use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::key;

/// An order, as events name it.
#[derive(Clone, Debug)]
pub struct OrderRef {
    /// The order.
    pub id: Uuid,
    /// Its title.
    pub titre: String,
}

/// An invoice or credit note, as events name it. Amounts are cents.
#[derive(Clone, Debug)]
pub struct InvoiceRef {
    /// The invoice.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Total, VAT included.
    pub amount: i64,
    /// VAT within the total.
    pub tax_amount: i64,
    /// Instant of issue.
    pub issued_at: DateTime<Utc>,
    /// Whether it gives money back.
    pub is_credit_note: bool,
    /// Storage key of the rendered file.
    pub pdf_key: String,
}

/// Why the administrators are warned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// A webhook speaks of a payment that belongs to no order of ours.
    UnmatchedPayment,
    /// A card holder disputes a payment.
    Dispute,
    /// Something paid cannot be applied to an order as it is now.
    PaymentAnomaly,
    /// A sensitive act was audited.
    SensitiveAct,
    /// A mail could not be delivered, or a job keeps failing.
    Operations,
}

/// What happened. Amounts are cents, instants UTC.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are called what they hold")]
pub enum Event {
    /// Someone registered.
    UserRegistered { user_id: Uuid },
    /// The owner of a guest order chose a password.
    AccountActivated { user_id: Uuid },
    /// A guest order was paid, or a new activation link was asked for (`request_id` is then new).
    ActivationRequested { user_id: Uuid, request_id: Uuid, titre: String, amount: i64 },
    /// Someone asked for a new password.
    PasswordResetRequested { user_id: Uuid, request_id: Uuid },
    /// An order without payment was created.
    OrderCreated {
        user_id: Uuid,
        order: OrderRef,
        pack: Option<String>,
        amount: Option<i64>,
        needs_verification: bool,
    },
    /// An order waits for its payment.
    OrderAwaitingPayment {
        pending_id: Uuid,
        customer_name: String,
        customer_email: String,
        titre: String,
        amount: i64,
        pages: Option<u32>,
        files: u32,
    },
    /// A pending order was paid, or was free: it became an order.
    OrderOpened { user_id: Uuid, order: OrderRef, pack: Option<String> },
    /// Money arrived for an order.
    PaymentReceived {
        user_id: Uuid,
        order: OrderRef,
        amount: i64,
        paid_at: DateTime<Utc>,
        reference: String,
        invoice_number: Option<String>,
    },
    /// A payment was refused. `attempt` tells attempts apart. The customer may have no account yet.
    PaymentFailed {
        user_id: Option<Uuid>,
        attempt: String,
        customer_name: String,
        customer_email: String,
        titre: String,
        amount: i64,
        retry_path: String,
    },
    /// An invoice or a credit note is rendered and can be sent. `attempt` tells resendings apart.
    InvoiceReady { user_id: Uuid, invoice: InvoiceRef, titre: String, attempt: u32 },
    /// The administrators must look at something. `subject` tells alerts apart.
    Alert {
        kind: AlertKind,
        subject: String,
        title: String,
        message: String,
        action_path: Option<&'static str>,
    },
}

impl Event {
    /// What makes two records of the same happening one.
    pub fn key(&self) -> String {
        match self {
            Self::UserRegistered { user_id } => key("registered", *user_id),
            Self::AccountActivated { user_id } => key("activated", *user_id),
            Self::ActivationRequested { request_id, .. } => key("activation", *request_id),
            Self::PasswordResetRequested { request_id, .. } => key("reset", *request_id),
            Self::OrderCreated { order, .. } => key("order-created", order.id),
            Self::OrderAwaitingPayment { pending_id, .. } => key("order-awaiting", *pending_id),
            Self::OrderOpened { order, .. } => key("order-opened", order.id),
            Self::PaymentReceived { reference, .. } => format!("paid:{reference}"),
            Self::PaymentFailed { attempt, .. } => format!("payment-failed:{attempt}"),
            Self::InvoiceReady { invoice, attempt, .. } => format!("invoice:{}:{attempt}", invoice.id),
            Self::Alert { kind, subject, .. } => format!("alert:{kind:?}:{subject}"),
        }
    }

    /// The account it concerns, if any.
    pub fn user_id(&self) -> Option<Uuid> {
        match self {
            Self::UserRegistered { user_id }
            | Self::AccountActivated { user_id }
            | Self::ActivationRequested { user_id, .. }
            | Self::PasswordResetRequested { user_id, .. }
            | Self::OrderCreated { user_id, .. }
            | Self::OrderOpened { user_id, .. }
            | Self::PaymentReceived { user_id, .. }
            | Self::InvoiceReady { user_id, .. } => Some(*user_id),
            Self::PaymentFailed { user_id, .. } => *user_id,
            Self::OrderAwaitingPayment { .. } | Self::Alert { .. } => None,
        }
    }
}
