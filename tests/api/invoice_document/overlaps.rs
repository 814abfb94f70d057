//! No word stands on another, and none leaves the page.

use std::path::Path;

use staka::invoices::document::{InvoiceDocument, Unit, render};

use super::samples::{self, line, with_lines};
use super::{Scratch, run};

const PAGE: (f32, f32) = (595.3, 841.9);

/// A word as poppler places it, points from the top left corner.
struct Word {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    text: String,
}

impl Word {
    fn parse(line: &str) -> Option<Self> {
        let (attributes, text) = line.trim().strip_prefix("<word ")?.split_once('>')?;
        let mut numbers = attributes.split('"').skip(1).step_by(2).map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        let (left, top, right, bottom) = (next(), next(), next(), next());
        Some(Self { left, top, right, bottom, text: text.trim_end_matches("</word>").to_owned() })
    }

    /// Boxes include room above and below the letters: only what a reader would see counts.
    fn covers(&self, other: &Self) -> bool {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        let smallest = (self.bottom - self.top).min(other.bottom - other.top);
        width > 0.5 && height > 0.3 * smallest
    }

    fn is_on_the_page(&self) -> bool {
        self.left >= 0.0 && self.top >= 0.0 && self.right <= PAGE.0 && self.bottom <= PAGE.1
    }
}

fn words(doc: &InvoiceDocument) -> Vec<Vec<Word>> {
    let scratch = Scratch::new();
    let file = scratch.0.join("invoice.pdf");
    std::fs::write(&file, render(doc).unwrap()).unwrap();
    let html = String::from_utf8(run("pdftotext", &[Path::new("-bbox"), &file, Path::new("-")])).unwrap();
    html.split("<page ").skip(1).map(|page| page.lines().filter_map(Word::parse).collect()).collect()
}

fn assert_nothing_overlaps(name: &str, doc: &InvoiceDocument) {
    for page in words(doc) {
        assert!(page.len() > 10, "{name}: an empty page");
        for (index, word) in page.iter().enumerate() {
            assert!(word.is_on_the_page(), "{name}: « {} » leaves the page", word.text);
            for other in &page[index + 1..] {
                assert!(!word.covers(other), "{name}: « {} » and « {} »", word.text, other.text);
            }
        }
    }
}

#[test]
fn nothing_overlaps_in_any_sample() {
    for (name, doc) in samples::all() {
        assert_nothing_overlaps(name, &doc);
    }
}

#[test]
fn huge_figures_stay_in_their_columns() {
    let doc = with_lines(
        samples::consumer_invoice(),
        vec![
            line("Correction", u32::MAX, Unit::Page, 99_999_999_999_999),
            line("Relecture", 1, Unit::Flat, 1),
        ],
    );
    assert_nothing_overlaps("huge", &doc);
}

#[test]
fn many_lines_fill_many_pages() {
    let rows =
        (1..=150).map(|row| line(&format!("Prestation n° {row}"), row, Unit::Page, 1_000 + i64::from(row)));
    let doc = with_lines(samples::professional_invoice(), rows.collect());
    assert!(words(&doc).len() > 3);
    assert_nothing_overlaps("many lines", &doc);
}

#[test]
fn every_field_may_be_long() {
    let mut doc = samples::monster_invoice();
    let long = "Très long intitulé sans fin ".repeat(30);
    doc.number = "N".repeat(90);
    doc.order_reference = long.clone();
    doc.seller.name = long.clone();
    doc.seller.website = Some(long.clone());
    doc.seller.street = long.clone();
    doc.seller.email = format!("{}@example.com", "x".repeat(250));
    doc.buyer.name = long.clone();
    doc.buyer.email = doc.seller.email.clone();
    let address = doc.buyer.address.as_mut().unwrap();
    address.line1 = long.clone();
    address.line2 = Some(long.clone());
    address.city = long.clone();
    if let Some(payment) = doc.payment.as_mut() {
        payment.means = long.clone();
        payment.reference = Some("r".repeat(300));
    }
    assert_nothing_overlaps("long fields", &doc);
}
