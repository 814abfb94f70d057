//! What holds for every invoice, whatever its amounts and its texts.

use proptest::prelude::*;
use staka::invoices::document::{InvoiceDocument, Regime, Unit, render, xml};

use super::samples::{consumer_invoice, line, with_lines};

/// Every value of an element of the XML, as text.
fn values<'a>(xml: &'a str, element: &str) -> Vec<&'a str> {
    let open = format!("<ram:{element}");
    xml.split(&open as &str)
        .skip(1)
        .filter_map(|rest| rest.split_once('>').and_then(|(_, rest)| rest.split_once('<')))
        .map(|(value, _)| value)
        .collect()
}

/// A decimal of the XML in millionths.
fn micros(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}

fn invoice(rate_bp: Option<u32>, lines: Vec<(u32, i64)>) -> InvoiceDocument {
    let mut doc = consumer_invoice();
    doc.vat.regime = rate_bp.map_or(Regime::Franchise, |rate_bp| Regime::Standard { rate_bp });
    let lines =
        lines.into_iter().map(|(pages, gross)| line("Correction", pages, Unit::Page, gross)).collect();
    with_lines(doc, lines)
}

fn any_invoice() -> impl Strategy<Value = InvoiceDocument> {
    let rate = prop_oneof![Just(None), Just(Some(2000)), Just(Some(550)), (1_u32..5_000).prop_map(Some)];
    let lines = prop::collection::vec((1_u32..=1_000, 0_i64..100_000_000), 1..8);
    (rate, lines).prop_map(|(rate, lines)| invoice(rate, lines))
}

proptest! {
    #[test]
    fn sums_are_consistent(doc in any_invoice()) {
        let xml = xml(&doc);
        let lines = values(&xml, "LineTotalAmount");
        let (total, lines) = lines.split_last().unwrap();
        prop_assert_eq!(lines.iter().map(|net| micros(net)).sum::<i128>(), micros(total));
        let one = |element| micros(values(&xml, element)[0]);
        prop_assert_eq!(one("TaxBasisTotalAmount"), micros(total));
        prop_assert_eq!(one("TaxBasisTotalAmount") + one("TaxTotalAmount"), one("GrandTotalAmount"));
        prop_assert_eq!(one("GrandTotalAmount"), i128::from(doc.amount) * 10_000);
        prop_assert_eq!(one("GrandTotalAmount") - one("TotalPrepaidAmount"), one("DuePayableAmount"));
        let expected = (one("TaxBasisTotalAmount") * i128::from(doc.vat.rate_bp()) + 5_000) / 10_000;
        prop_assert!((expected - one("TaxTotalAmount")).abs() <= 10_000, "VAT is the rate of the basis, within a cent");
    }

    #[test]
    fn quantity_times_price_is_the_line(doc in any_invoice()) {
        let xml = xml(&doc);
        let rows = values(&xml, "BilledQuantity").into_iter().zip(values(&xml, "ChargeAmount"));
        for ((quantity, price), net) in rows.zip(values(&xml, "LineTotalAmount")) {
            let product = quantity.parse::<i128>().unwrap() * micros(price);
            prop_assert_eq!((product + 5_000).div_euclid(10_000) * 10_000, micros(net));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_renders(
        title in prop::collection::vec(any::<char>(), 0..80),
        description in "(?s).{0,300}",
        name in any::<String>(),
    ) {
        let mut doc = consumer_invoice();
        doc.lines[0].title = title.into_iter().collect();
        doc.lines[0].description = Some(description);
        doc.buyer.name = name;
        prop_assert!(render(&doc).is_ok());
        // Seller, buyer and line keep a name (mandatory), and no forbidden character is left.
        let xml = xml(&doc);
        prop_assert_eq!(values(&xml, "Name").len(), 3);
        prop_assert!(xml.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
    }
}
