//! What a payment is invoiced as, and to whom.

use super::Paid;
use crate::{
    commandes::{opening::Opened, payable::Billable, pending::Pending},
    invoices::{NewInvoice, document},
    payments::event::CheckoutSession,
    users::{
        billing::{Buyer as BillingBlock, TypeClient},
        owners::Account,
    },
};

/// The invoice of an order just opened.
pub(super) fn of_pending(opened: &Opened, pending: &Pending, paid: &Paid<'_>) -> NewInvoice {
    NewInvoice {
        commande_id: opened.order.id,
        title: opened.order.titre.clone(),
        description: Some(describe(
            Some(&pending.tarif_nom),
            pending.nombre_pages,
            pending.description.as_deref(),
        )),
        amount: paid.amount,
        buyer: buyer(&opened.account, pending.adresse.as_deref(), pending.buyer.as_deref(), paid.session),
        paid_at: paid.now,
        session_id: paid.session_id.to_owned(),
        payment_reference: paid.intent.map(str::to_owned),
    }
}

/// The invoice of an existing order.
pub(super) fn of_commande(account: &Account, commande: &Billable, paid: &Paid<'_>) -> NewInvoice {
    NewInvoice {
        commande_id: commande.id,
        title: commande.titre.clone(),
        description: Some(describe(
            commande.service.as_deref(),
            commande.pages,
            commande.description.as_deref(),
        )),
        amount: paid.amount,
        buyer: buyer(account, None, commande.buyer.as_deref(), paid.session),
        paid_at: paid.now,
        session_id: paid.session_id.to_owned(),
        payment_reference: paid.intent.map(str::to_owned),
    }
}

/// The line under the title on an invoice.
fn describe(service: Option<&str>, pages: Option<i32>, description: Option<&str>) -> String {
    let service = service.unwrap_or("Correction de manuscrit");
    let head = match pages {
        Some(pages) => format!("{service} ({pages} pages)"),
        None => service.to_owned(),
    };
    match description.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => format!("{head}\n\n{text}"),
        None => head,
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
