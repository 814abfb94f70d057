//! Invoices and credit notes: issued in the payment's transaction, rendered and sent after it.
//!
//! | route | what |
//! |---|---|
//! | `GET /invoices` | the caller's invoices and credit notes, newest first |
//! | `GET /invoices/{id}` | one of them |
//! | `GET /invoices/{id}/download` | its PDF; a signed link works without a session |

pub mod demo;
pub mod desk;
pub mod document;
mod issue;
pub mod personal;
pub mod render;
mod routes;
mod service;
mod store;
pub mod told;
pub mod totals;

pub use crate::config::VatRegime;
pub use issue::{
    CreditNotePreview, Issued, NewCreditNote, NewInvoice, credit_note_preview, ensure_vat_regime, issue,
    issue_credit_note,
};
pub use routes::router;
pub use service::{OrderInvoice, download_link, link_subject, of_order};
pub use store::order_of_number;

use serde::Serialize;
use utoipa::ToSchema;

/// What a numbered document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Asks for money, or tells that it came.
    Invoice,
    /// Gives money back.
    CreditNote,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceStatus {
    /// Issued, not sent yet.
    Generated,
    /// Its client has it.
    Sent,
    /// Paid.
    Paid,
    /// Should have been paid by now.
    Overdue,
    /// Asks for nothing any more.
    Cancelled,
}

impl Kind {
    /// The series its numbers belong to.
    fn series(self) -> &'static str {
        match self {
            Self::Invoice => "FA",
            Self::CreditNote => "AV",
        }
    }

    /// What the amounts, which are kept positive, count for in lists: what a credit note gives back counts against.
    pub fn sign(self) -> i32 {
        match self {
            Self::Invoice => 1,
            Self::CreditNote => -1,
        }
    }

    /// Name of the file of the document with this number.
    pub fn file_name(self, number: &str) -> String {
        match self {
            Self::Invoice => format!("facture-{number}.pdf"),
            Self::CreditNote => format!("avoir-{number}.pdf"),
        }
    }
}
