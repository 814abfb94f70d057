//! Every mail the platform sends, as data.
//!
//! A [`Mail`] is stored as JSON until the moment it is sent, so it holds only data (names, titles,
//! cents, UTC instants, paths of the web application): wording lives in `templates/emails/`.
//! To add a mail: a context struct and its [`Sampled`] in the file of its family, a line in the
//! table below and one template file named after the kind.
//!
//! Amounts are euro cents, VAT included; instants are UTC; every `*_path` is a path of the web
//! application (`/activation/...`), made absolute when the mail is rendered. No `Debug`: these values
//! are personal, and some hold a secret link.
//!
//! What becomes of a mail (outbox, rendering, sending) is the affair of `emails/`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::events::{Category, Letter};

/// Declares context structs with the derives all of them share.
macro_rules! contexts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "a field without a comment is called what it holds")]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)+ }
    )+};
}

mod accounts;
mod calls;
mod documents;
mod messages;
mod money;
mod notices;
mod orders;
mod samples;
mod team;
mod visitors;
mod withdrawals;

pub use accounts::*;
pub use calls::*;
pub use documents::*;
pub use messages::*;
pub use money::*;
pub use notices::*;
pub use orders::*;
pub use samples::Sampled;
pub use team::*;
pub use visitors::*;
pub use withdrawals::*;

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

        $(
            impl From<$name> for Mail {
                fn from(context: $name) -> Self { Self::$name(context) }
            }

            impl From<$name> for Letter {
                fn from(context: $name) -> Self { Mail::$name(context).into() }
            }
        )+

        /// Kind and source of each template, compiled into the binary.
        pub const TEMPLATES: &[(&str, &str)] = &[$((
            $kind,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/emails/", $kind, ".hbs")),
        ),)+];
    };
}

mails! {
    /// A guest paid: choose a password and find the order.
    ActivationUser = "activation-user", Transactional;
    /// The owner of a guest order has not chosen a password yet: a new link.
    ActivationReminder = "activation-reminder", Transactional;
    /// The team opened an account for someone: choose a password.
    AccountInvitation = "account-invitation", Transactional;
    /// Someone registered.
    WelcomeUser = "welcome-user", Transactional;
    /// Someone asked for a new password.
    ResetPassword = "reset-password", Transactional;
    /// All that is held of someone, as they asked.
    DataExport = "data-export", Transactional;
    /// A payment arrived.
    PaymentUser = "payment-user", Transactional;
    /// An invoice or a credit note, with its PDF attached.
    InvoiceUser = "invoice-user", Transactional;
    /// An order was recorded.
    ClientProjectConfirmation = "client-project-confirmation", Projects;
    /// An order moved.
    OrderUser = "order-user", Projects;
    /// The team gave a corrected document back.
    DocumentUser = "document-user", Projects;
    /// An author added a document, for the corrector.
    DocumentCorrector = "document-corrector", Projects;
    /// A payment was refused.
    PaymentFailedUser = "payment-failed-user", Transactional;
    /// A guest sent an order that costs nothing: confirm it.
    OrderToConfirm = "order-to-confirm", Transactional;
    /// Something to know.
    InfoUser = "info-user", General;
    /// Something went well.
    SuccessUser = "success-user", General;
    /// Something to look at, or to do.
    WarningUser = "warning-user", Transactional;
    /// Something went wrong.
    ErrorUser = "error-user", Transactional;
    /// The account changed.
    SystemUser = "system-user", Transactional;
    /// Someone declared that they withdraw: the receipt.
    WithdrawalUser = "withdrawal-user", Transactional;
    /// A withdrawal met its order.
    WithdrawalOrderUser = "withdrawal-order-user", Transactional;
    /// For the team: a withdrawal.
    AdminWithdrawal = "admin-withdrawal", Admin;
    /// The team wrote to a client.
    MessageUser = "message-user", Messages;
    /// The team answered a visitor, who has no account.
    VisitorReply = "visitor-reply", Transactional;
    /// A visitor's message arrived.
    VisitorMessageConfirmation = "visitor-message-confirmation", Transactional;
    /// For the team: a client or a visitor wrote.
    AdminMessage = "admin-message", Admin;
    /// A call was booked or moved.
    ConsultationUser = "consultation-user", Transactional;
    /// A call was cancelled.
    ConsultationCancelledUser = "consultation-cancelled-user", Transactional;
    /// A call is tomorrow.
    ConsultationReminderUser = "consultation-reminder-user", Transactional;
    /// The team saw a booking.
    ConsultationProcessedUser = "consultation-processed-user", Transactional;
    /// A message of the contact form arrived.
    VisitorContactConfirmation = "visitor-contact-confirmation", Transactional;
    /// A request for a free sample arrived.
    VisitorSampleConfirmation = "visitor-sample-confirmation", Transactional;
    /// Someone wants the newsletter: confirm it.
    NewsletterConfirmation = "newsletter-confirmation", Transactional;
    /// The newsletter was agreed to.
    NewsletterWelcome = "newsletter-welcome", Transactional;
    /// For the team: a call was booked, moved or cancelled.
    AdminConsultation = "admin-consultation", Admin;
    /// For the team: a message of the contact form.
    AdminContactMessage = "admin-contact-message", Admin;
    /// For the team: a request for a free sample.
    AdminFreeSample = "admin-free-sample", Admin;
    /// For the team: something happened.
    AdminInfo = "admin-info", Admin;
    /// For the team: a new order.
    AdminOrder = "admin-order", Admin;
    /// For the team: an author added a document.
    AdminDocument = "admin-document", Admin;
    /// For the team: a payment arrived.
    AdminPayment = "admin-payment", Admin;
    /// For the team: an order waits for its payment.
    AdminProjectPaymentPending = "admin-project-payment-pending", Admin;
    /// For the team: something needs attention.
    AdminWarning = "admin-warning", Admin;
    /// For the team: something went well.
    AdminSuccess = "admin-success", Admin;
    /// For the team: something went wrong.
    AdminError = "admin-error", Admin;
    /// For the team: the machine room.
    AdminSystem = "admin-system", Admin;
}

impl From<Mail> for Letter {
    fn from(mail: Mail) -> Self {
        Self {
            template: mail.template(),
            category: mail.category(),
            // infallible: texts, numbers and instants; a mail that were none would be kept and reported by the worker.
            payload: serde_json::to_value(&mail).unwrap_or_default(),
            attachments: vec![],
        }
    }
}

/// Tells the team that something happened. `action_path` is a path of the web application.
pub fn info(title: &str, message: String, action_path: &str) -> Letter {
    AdminInfo { title: title.to_owned(), message, action_path: Some(action_path.to_owned()) }.into()
}

/// Tells the team that something needs attention. `action_path` is a path of the web application.
pub fn warning(title: &str, message: String, action_path: Option<&str>) -> Letter {
    AdminWarning { title: title.to_owned(), message, action_path: action_path.map(str::to_owned) }.into()
}

/// Names the kind only: the data is personal and may hold a secret link.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.template())
    }
}
