//! An invoice to look at.

use chrono::NaiveDate;

use crate::{
    config::Config,
    invoices::document::{
        Address, Buyer, InvoiceDocument, Kind, Line, PaymentInfo, PaymentMethod, Unit, Vat,
    },
};

/// Cents.
const AMOUNT: i64 = 48_000;

/// An invoice of this company to someone made up, paid on this day.
pub fn invoice(config: &Config, day: NaiveDate) -> InvoiceDocument {
    let vat = Vat::new(config.vat.regime, config.vat.rate_bp, config.vat.mention.clone());
    let line = Line {
        title: "Correction Standard".to_owned(),
        description: Some("Le Jardin des absents".to_owned()),
        quantity: 240,
        unit: Unit::Page,
        gross: AMOUNT,
    };
    InvoiceDocument {
        kind: Kind::Invoice,
        number: "EXEMPLE-000000".to_owned(),
        issued_on: day,
        supplied_on: None,
        due_on: day,
        paid_on: Some(day),
        order_reference: "0000-0000".to_owned(),
        seller: config.company.clone(),
        buyer: Buyer {
            name: "Camille Durand".to_owned(),
            email: "client@example.com".to_owned(),
            address: Some(Address {
                line1: "12 rue des Exemples".to_owned(),
                line2: None,
                postal_code: "75011".to_owned(),
                city: "Paris".to_owned(),
                country: "FR".to_owned(),
            }),
            ..Buyer::default()
        },
        lines: vec![line],
        amount: AMOUNT,
        tax_amount: vat.tax_of(AMOUNT),
        vat,
        payment: Some(PaymentInfo {
            method: PaymentMethod::Card,
            means: "Carte bancaire (Stripe)".to_owned(),
            reference: None,
        }),
    }
}
