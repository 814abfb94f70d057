//! The pages of an invoice: its parts one after the other, and what repeats below each page.

use super::canvas::Canvas;
use super::layout::{BOTTOM, GREY, LEFT, LINE, RIGHT, Sheet, WIDTH};
use super::model::InvoiceDocument;
use super::text::{Style, wrap_at_most};
use super::{closing, parties, table};
use crate::config::Seller;

/// The pages of an invoice, ready to paint.
pub(super) fn compose(doc: &InvoiceDocument) -> Vec<Canvas> {
    let mut sheet = Sheet::new(doc);
    parties::head(&mut sheet, doc);
    parties::blocks(&mut sheet, doc);
    table::draw(&mut sheet, doc);
    closing::draw(&mut sheet, doc);
    numbered(sheet.finish(), &doc.seller)
}

fn numbered(mut pages: Vec<Canvas>, seller: &Seller) -> Vec<Canvas> {
    let total = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        footer(page, seller, index + 1, total);
    }
    pages
}

fn footer(canvas: &mut Canvas, seller: &Seller, page: usize, total: usize) {
    let top = BOTTOM + 16.0;
    canvas.rule(LEFT, RIGHT, top, LINE);
    let style = Style::regular(7.0);
    let identity = wrap_at_most(&parties::identity_line(seller), style, WIDTH - 70.0, 2);
    for (line, index) in identity.into_iter().zip(1_u8..) {
        canvas.line(line, LEFT, top + 3.0 + 9.5 * f32::from(index), GREY);
    }
    canvas.figure(&format!("Page {page} / {total}"), style, RIGHT, 64.0, top + 12.5, GREY);
}
