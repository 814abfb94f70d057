//! What a payment page sells, as lines of the invoice to come: service, quantity and unit price.

use crate::{
    commandes::payable::Payable,
    invoices::document::{Line, Unit},
    tarifs::{
        Unite,
        price::{Grid, Tier},
    },
};

/// What is sold when the order names no service.
const SERVICE: &str = "Correction de manuscrit";

/// The lines of an order sold for `amount` cents, by the price list as it stands; one line for the whole when it costs
/// something else, such as a price agreed with the team.
pub fn sold(payable: &Payable, page_prices: &[i64], amount: i64) -> Vec<Line> {
    let service = payable.service.as_deref();
    let pages = payable.pages.and_then(|pages| u32::try_from(pages).ok());
    if let (Some(Unite::Page), Some(service), Some(pages)) = (payable.unite, service, pages) {
        let grid = Grid::from_page_prices(page_prices.iter().copied());
        if grid.amount(pages) == amount {
            return grid.tiers(pages).into_iter().map(|tier| tier_line(service, tier)).collect();
        }
    }
    let pages = payable.pages.filter(|_| payable.unite != Some(Unite::Forfait));
    vec![whole(service, pages, amount)]
}

/// One line for a whole work of `gross` cents.
pub fn whole(service: Option<&str>, pages: Option<i32>, gross: i64) -> Line {
    let service = service.unwrap_or(SERVICE);
    let title = match pages {
        Some(pages @ 2..) => format!("{service} ({pages}\u{a0}pages)"),
        Some(1) => format!("{service} (1\u{a0}page)"),
        _ => service.to_owned(),
    };
    Line { title, description: None, quantity: 1, unit: Unit::Flat, gross }
}

fn tier_line(service: &str, tier: Tier) -> Line {
    let Tier { from, to, cents } = tier;
    let quantity = tier.pages();
    let what = match (cents, quantity) {
        (0, 1) => "1\u{a0}page offerte".to_owned(),
        (0, _) => format!("{quantity}\u{a0}pages offertes"),
        (_, 1) => format!("page\u{a0}{from}"),
        (_, _) => format!("pages\u{a0}{from} à\u{a0}{to}"),
    };
    let gross = i64::from(quantity) * cents;
    Line { title: format!("{service}\u{a0}: {what}"), description: None, quantity, unit: Unit::Page, gross }
}
