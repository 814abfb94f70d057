//! What happens to invoices, and whom it tells.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Kind;
use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Letter, Person, StoredAttachment, Telling, Whom},
    mails::{self, Notice},
};

/// Where the team looks at invoices.
const INVOICES: &str = "/admin/factures";

/// An invoice or a credit note is rendered and can be sent. Amounts are cents.
#[derive(Clone)]
pub struct InvoiceReady {
    /// The client.
    pub user_id: Uuid,
    /// The invoice.
    pub id: Uuid,
    /// Whether it asks for money or gives it back.
    pub kind: Kind,
    /// Its number.
    pub number: String,
    /// Total, VAT included.
    pub amount: i64,
    /// VAT within the total.
    pub tax_amount: i64,
    /// Instant of issue.
    pub issued_at: DateTime<Utc>,
    /// Storage key of the rendered file.
    pub pdf_key: String,
    /// Title of the order.
    pub titre: String,
    /// What people call the order; empty for one that has no reference yet.
    pub reference: String,
    /// Tells resendings apart; 0 is the first.
    pub attempt: u32,
}

impl InvoiceReady {
    fn bell(&self) -> Bell {
        let title = match self.kind {
            Kind::Invoice => "Votre facture est disponible",
            Kind::CreditNote => "Votre avoir est disponible",
        };
        let message = format!("Le document {} vous attend dans votre espace.", self.number);
        Bell::new(BellKind::Payment, BellPriority::Normale, title, message).leading_to("/app/billing")
    }

    fn letter(&self, person: &Person) -> Letter {
        let mail = mails::InvoiceUser {
            first_name: person.first_name.clone(),
            number: self.number.clone(),
            commande_title: self.titre.clone(),
            order_reference: self.reference.clone(),
            amount: self.amount,
            tax_amount: self.tax_amount,
            issued_at: self.issued_at,
            is_credit_note: self.kind == Kind::CreditNote,
            has_space: person.active,
        };
        Letter::from(mail).attach(StoredAttachment {
            filename: self.kind.file_name(&self.number),
            content_type: "application/pdf".into(),
            storage_key: self.pdf_key.clone(),
        })
    }
}

impl Happening for InvoiceReady {
    fn subject(&self) -> String {
        format!("{}:{}", self.id, self.attempt)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        Telling::person(Some(self.bell()), Some(self.letter(person)))
    }
}

/// The PDF of an invoice cannot be made.
#[derive(Clone)]
pub struct RenderingFails {
    /// The invoice.
    pub id: Uuid,
    /// Tries so far.
    pub attempts: u32,
    /// Whether that was the last one.
    pub given_up: bool,
}

impl Happening for RenderingFails {
    fn subject(&self) -> String {
        if self.given_up { format!("{}:given_up", self.id) } else { self.id.to_string() }
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { id, attempts, given_up } = self;
        let title = "Une facture ne peut pas être mise en page";
        let next = if *given_up { "c’était le dernier" } else { "les essais continuent" };
        let message = format!("La facture {id} attend son PDF après {attempts} essais ; {next}.");
        let bell = Bell::new(BellKind::Error, BellPriority::Haute, title, message).leading_to(INVOICES);
        let mail = Notice::of(&bell).for_team(bell.kind);
        Telling::team(Some(bell), Some(mail))
    }
}
