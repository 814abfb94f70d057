//! Every mail the platform sends, as data.
//!
//! A [`Mail`] is stored as JSON until the moment it is sent, so it holds only data (names, titles,
//! cents, UTC instants, paths of the web application): wording lives in `templates/emails/`.
//! To add a mail: a context struct in [`contexts`], its [`Sampled`] in `samples`, a line in the
//! table below and one template file named after the kind.

use serde::{Deserialize, Serialize};
use std::fmt;

mod contexts;
mod samples;

pub use contexts::*;
pub use samples::Sampled;

/// What a mail is about, hence which preference of its reader may stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Part of a service the reader asked for (reset, activation, payment, invoice, export): always goes.
    Transactional,
    /// Life of an order: `notificationTypes.projects`.
    Projects,
    /// Conversations: `notificationTypes.messages`.
    Messages,
    /// Reminders about invoices: `notificationTypes.invoices`. The invoice itself is transactional.
    Invoices,
    /// Offers: `notificationTypes.promos`.
    Promos,
    /// Sent to the platform's own team.
    Admin,
}

impl Category {
    /// True when the reader may refuse this category, so that the mail must offer the way out.
    pub const fn unsubscribable(self) -> bool {
        !matches!(self, Self::Transactional | Self::Admin)
    }
}

/// Declares [`Mail`], the embedded template of each kind, and the lists derived from them.
macro_rules! mails {
    ($($(#[$doc:meta])* $name:ident = $kind:literal, $category:ident;)+) => {
        /// A mail to send: its kind (`template`) and what it tells (`data`).
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "template", content = "data")]
        pub enum Mail {
            $($(#[$doc])* #[serde(rename = $kind)] $name($name),)+
        }

        impl Mail {
            /// Kind of the mail: name of its template and of its wire form.
            pub const fn template(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind,)+ }
            }

            /// Category that decides whether the reader may refuse it.
            pub const fn category(&self) -> Category {
                match self { $(Self::$name(_) => Category::$category,)+ }
            }

            /// Realistic examples of every kind, hostile characters included, for previews and tests.
            pub fn samples() -> Vec<Self> {
                let mut all = Vec::new();
                $(all.extend($name::samples().into_iter().map(Self::$name));)+
                all
            }
        }

        $(impl From<$name> for Mail {
            fn from(context: $name) -> Self { Self::$name(context) }
        })+

        /// Kind and source of each template, compiled into the binary.
        pub(super) const TEMPLATES: &[(&str, &str)] = &[$((
            $kind,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/emails/", $kind, ".hbs")),
        ),)+];
    };
}

mails! {
    /// A guest paid: choose a password and find the order.
    ActivationUser = "activation-user", Transactional;
    /// Someone registered.
    WelcomeUser = "welcome-user", Transactional;
    /// Someone asked for a new password.
    ResetPassword = "reset-password", Transactional;
    /// A payment arrived.
    PaymentUser = "payment-user", Transactional;
    /// An invoice or a credit note, with its PDF attached.
    InvoiceUser = "invoice-user", Transactional;
    /// An order was recorded.
    ClientProjectConfirmation = "client-project-confirmation", Projects;
    /// A payment was refused.
    PaymentFailedUser = "payment-failed-user", Transactional;
    /// For the team: something happened.
    AdminInfo = "admin-info", Admin;
    /// For the team: a new order.
    AdminOrder = "admin-order", Admin;
    /// For the team: a payment arrived.
    AdminPayment = "admin-payment", Admin;
    /// For the team: an order waits for its payment.
    AdminProjectPaymentPending = "admin-project-payment-pending", Admin;
    /// For the team: something needs attention.
    AdminWarning = "admin-warning", Admin;
}

/// Names the kind only: the data is personal and may hold a secret link.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.template())
    }
}
