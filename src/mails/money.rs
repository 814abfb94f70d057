//! Mails about a payment or an invoice, for the client.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::samples::{NASTY_TITLE, REFERENCE, Sampled, TOKEN, at, long_title, s};

contexts! {
    /// Confirmation of a payment to the client.
    PaymentUser {
        first_name: String,
        commande_title: String,
        /// Paid, in cents.
        amount: i64,
        paid_at: DateTime<Utc>,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the service, when the mail tells of a purchase.
        #[serde(default)]
        pack_name: Option<String>,
    }

    /// An invoice or a credit note; the PDF travels as an attachment.
    InvoiceUser {
        first_name: String,
        /// Legal number (`FA-2026-000123`, `AV-2026-000004`).
        number: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        order_reference: String,
        /// Cents, VAT included.
        amount: i64,
        /// Cents of VAT within `amount`; 0 under an exemption.
        tax_amount: i64,
        issued_at: DateTime<Utc>,
        is_credit_note: bool,
        /// Whether the reader can log in to find it again.
        #[serde(default)]
        has_space: bool,
    }

    /// A payment was refused.
    PaymentFailedUser {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Attempted, in cents.
        amount: i64,
        /// The order, pending or not.
        #[serde(default)]
        order_id: Uuid,
        /// Where the client may try again: a signed link, made when the mail is sent.
        retry_path: String,
    }
}

impl Sampled for PaymentUser {
    fn samples() -> Vec<Self> {
        let paid = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            amount: 123_456,
            paid_at: at(7, 29, 9, 8),
            reference: s(REFERENCE),
            pack_name: Some(s("Correction Standard")),
        };
        let bare = Self { reference: String::new(), pack_name: None, ..paid.clone() };
        vec![paid, bare]
    }
}

impl Sampled for InvoiceUser {
    fn samples() -> Vec<Self> {
        let invoice = Self {
            first_name: s("Éloïse"),
            number: s("FA-2026-000123"),
            commande_title: s(NASTY_TITLE),
            order_reference: s(REFERENCE),
            amount: 46_800,
            tax_amount: 7_800,
            issued_at: at(7, 29, 9, 8),
            is_credit_note: false,
            has_space: true,
        };
        let credit_note = Self {
            number: s("AV-2026-000004"),
            commande_title: long_title(),
            order_reference: String::new(),
            tax_amount: 0,
            is_credit_note: true,
            has_space: false,
            ..invoice.clone()
        };
        vec![invoice, credit_note]
    }
}

impl Sampled for PaymentFailedUser {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            amount: 46_800,
            order_id: Uuid::nil(),
            retry_path: format!("/api/public/reprise/{TOKEN}"),
        }]
    }
}
