//! What a payment is invoiced as, and to whom.

use serde::Deserialize;

use super::Paid;
use crate::{
    clock::day_in_paris,
    commandes::{opening::Opened, payable::Billable, pending::Pending},
    invoices::{
        NewInvoice,
        document::{self, Line},
    },
    payments::{event::CheckoutSession, lines},
    users::{
        billing::{Buyer as BillingBlock, TypeClient},
        owners::Account,
    },
};

/// The invoice of an order just opened.
pub(super) fn of_pending(opened: &Opened, pending: &Pending, paid: &Paid<'_>) -> NewInvoice {
    let sold =
        Sold { title: &opened.order.titre, service: Some(&pending.tarif_nom), pages: pending.nombre_pages };
    NewInvoice {
        commande_id: opened.order.id,
        lines: sold.lines(paid),
        amount: paid.amount,
        buyer: buyer(&opened.account, pending.adresse.as_deref(), pending.buyer.as_deref(), paid.session),
        paid_at: paid.paid_at,
        supplied_on: None,
        session_id: paid.session_id.to_owned(),
        payment_reference: paid.intent.map(str::to_owned),
    }
}

/// The invoice of an existing order.
pub(super) fn of_commande(account: &Account, commande: &Billable, paid: &Paid<'_>) -> NewInvoice {
    let sold = Sold { title: &commande.titre, service: commande.service.as_deref(), pages: commande.pages };
    NewInvoice {
        commande_id: commande.id,
        lines: sold.lines(paid),
        amount: paid.amount,
        buyer: buyer(account, None, commande.buyer.as_deref(), paid.session),
        paid_at: paid.paid_at,
        supplied_on: commande.delivered_at.map(day_in_paris),
        session_id: paid.session_id.to_owned(),
        payment_reference: paid.intent.map(str::to_owned),
    }
}

/// What was sold, as the order tells it. The author's note is between them and the team, and is no part of it.
struct Sold<'a> {
    title: &'a str,
    service: Option<&'a str>,
    pages: Option<i32>,
}

impl Sold<'_> {
    /// The lines the payment page sold, when that is what was paid; else one line of the amount. The first one names
    /// the work.
    fn lines(&self, paid: &Paid<'_>) -> Vec<Line> {
        let on_page = paid.page.items.as_ref().and_then(|items| Vec::<Line>::deserialize(&items.0).ok());
        let adds_up = |lines: &Vec<Line>| lines.iter().map(|line| line.gross).sum::<i64>() == paid.amount;
        let mut lines = on_page
            .filter(adds_up)
            .unwrap_or_else(|| vec![lines::whole(self.service, self.pages, paid.amount)]);
        if let Some(first) = lines.first_mut() {
            first.description = Some(format!("« {} »", self.title));
        }
        lines
    }
}

/// Who is invoiced: what the customer typed on the payment page, completed by the order's billing block.
fn buyer(
    account: &Account,
    account_address: Option<&str>,
    block: Option<&BillingBlock>,
    session: &CheckoutSession,
) -> document::Buyer {
    let details = session.customer_details.clone().unwrap_or_default();
    let typed = details.address.filter(|address| address.line1.is_some()).map(|address| document::Address {
        line1: address.line1.unwrap_or_default(),
        line2: address.line2,
        postal_code: address.postal_code.unwrap_or_default(),
        city: address.city.unwrap_or_default(),
        country: address.country.unwrap_or_else(|| "FR".into()),
    });
    let block = block.cloned().unwrap_or_default();
    let written = block.adresse_facturation.as_deref().or(account_address).map(written_address);
    document::Buyer {
        name: details.name.unwrap_or_else(|| format!("{} {}", account.prenom, account.nom)),
        company: block.societe,
        is_professional: block.type_client == TypeClient::Professionnel,
        siren: block.siren,
        vat_number: block.numero_tva,
        reference: block.reference_client,
        email: account.email.clone(),
        address: typed.or(written),
    }
}

/// An address typed in one field: its first line, then the rest.
fn written_address(text: &str) -> document::Address {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line1 = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = lines.collect();
    document::Address {
        line1,
        line2: (!rest.is_empty()).then(|| rest.join(", ")),
        postal_code: String::new(),
        city: String::new(),
        country: "FR".into(),
    }
}
