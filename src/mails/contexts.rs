//! What each mail tells. Amounts are euro cents, VAT included; instants are UTC; every `*_path` is
//! a path of the web application (`/activation/...`), made absolute when the mail is rendered.
//!
//! No `Debug`: these values are personal, and some hold a secret link.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Declares context structs with the derives all of them share.
macro_rules! contexts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "a field without a comment is called what it holds")]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)+ }
    )+};
}

contexts! {
    /// Activation of an account born from a guest order.
    ActivationUser {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the service, when the mail tells of a purchase.
        #[serde(default)]
        pack_name: Option<String>,
        /// `/activation/<token>`: secret.
        activation_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
        /// Paid, in cents.
        amount: i64,
    }

    /// Welcome after registration.
    WelcomeUser {
        first_name: String,
        /// Address to log in with.
        email: String,
    }

    /// Link to choose a new password.
    ResetPassword {
        first_name: String,
        /// `/reset-password?token=<token>`: secret.
        reset_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
    }

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

    /// An order was recorded.
    ClientProjectConfirmation {
        first_name: String,
        commande_title: String,
        commande_id: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the tarif, when one was chosen.
        pack_name: Option<String>,
        /// The number of pages must be checked before the price is final.
        needs_verification: bool,
        /// It costs nothing.
        #[serde(default)]
        offered: bool,
    }

    /// An order moved from one status to another.
    OrderUser {
        first_name: String,
        commande_title: String,
        commande_id: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Wire form of the status it has now.
        status: String,
        /// The same in words, as `en cours`.
        status_label: String,
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

    /// Confirmation asked of a guest whose order costs nothing.
    OrderToConfirm {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the service, when the mail tells of a purchase.
        #[serde(default)]
        pack_name: Option<String>,
        /// The order, until it is confirmed.
        order_id: Uuid,
        /// Where to confirm it: a signed link, made when the mail is sent.
        confirm_path: String,
    }

    /// Information for the team.
    AdminInfo {
        title: String,
        message: String,
        action_path: Option<String>,
    }

    /// A new order, for the team.
    AdminOrder {
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Cents, when the price is known.
        amount: Option<i64>,
        /// It costs nothing.
        #[serde(default)]
        offered: bool,
    }

    /// A payment received, for the team.
    AdminPayment {
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// Paid, in cents.
        amount: i64,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Absent when nothing is invoiced.
        invoice_number: Option<String>,
    }

    /// An order waiting for its payment, for the team.
    AdminProjectPaymentPending {
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Due, in cents.
        amount: i64,
        pages: Option<u32>,
        /// Number of manuscripts received.
        files: u32,
    }

    /// Something that needs the team's attention.
    AdminWarning {
        title: String,
        message: String,
        action_path: Option<String>,
    }
}
