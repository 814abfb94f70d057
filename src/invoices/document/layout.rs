//! The sheet: margins, colours, pages that follow one another.

use super::canvas::{Canvas, Colour};
use super::model::InvoiceDocument;
use super::text::{Style, TextLine, single};

/// A4, in points.
pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;
pub(super) const LEFT: f32 = 45.0;
pub(super) const RIGHT: f32 = PAGE_WIDTH - 45.0;
pub(super) const WIDTH: f32 = RIGHT - LEFT;
const TOP: f32 = 42.0;
/// Content ends here, the footer begins.
pub(super) const BOTTOM: f32 = PAGE_HEIGHT - 62.0;

pub(super) const ACCENT: Colour = Colour(37, 99, 235);
pub(super) const ACCENT_PALE: Colour = Colour(191, 212, 254);
pub(super) const INK: Colour = Colour(31, 41, 55);
pub(super) const GREY: Colour = Colour(100, 108, 122);
pub(super) const LINE: Colour = Colour(222, 226, 232);
pub(super) const SOFT: Colour = Colour(243, 246, 252);
pub(super) const WHITE: Colour = Colour(255, 255, 255);
pub(super) const GREEN: Colour = Colour(21, 112, 61);
pub(super) const GREEN_SOFT: Colour = Colour(236, 250, 241);
pub(super) const AMBER: Colour = Colour(161, 84, 10);
pub(super) const AMBER_SOFT: Colour = Colour(255, 247, 230);

/// The name of the document, as its title says it.
pub(super) fn kind_name(doc: &InvoiceDocument) -> &'static str {
    if doc.is_credit_note() { "Avoir" } else { "Facture" }
}

/// Pages filled from top to bottom; `y` is where the next thing goes.
pub(super) struct Sheet<'a> {
    doc: &'a InvoiceDocument,
    done: Vec<Canvas>,
    pub(super) canvas: Canvas,
    pub(super) y: f32,
}

impl<'a> Sheet<'a> {
    /// One empty page.
    pub(super) fn new(doc: &'a InvoiceDocument) -> Self {
        Self { doc, done: Vec::new(), canvas: Canvas::default(), y: TOP }
    }

    /// Whether something `height` points high still fits on this page.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Goes to a new page unless `height` points are left on this one.
    pub(super) fn need(&mut self, height: f32) {
        if !self.fits(height) {
            self.new_page();
        }
    }

    /// A new page, with a reminder of what it continues.
    pub(super) fn new_page(&mut self) {
        self.done.push(std::mem::take(&mut self.canvas));
        let title = format!("{} n° {} (suite)", kind_name(self.doc), self.doc.number);
        self.canvas.line(single(&title, Style::bold(8.5)).fitted(WIDTH / 2.0 - 12.0), LEFT, TOP + 8.0, GREY);
        let seller = &self.doc.seller.name;
        self.canvas.figure(seller, Style::regular(8.5), RIGHT, WIDTH / 2.0, TOP + 8.0, GREY);
        self.y = TOP + 24.0;
    }

    /// Lines one below the other from `y` down, which moves; new pages when needed.
    pub(super) fn flow(&mut self, lines: Vec<TextLine>, x: f32, leading: f32, colour: Colour) {
        for line in lines {
            self.need(leading);
            self.y += leading;
            self.canvas.line(line, x, self.y - leading * 0.28, colour);
        }
    }

    /// The pages filled.
    pub(super) fn finish(mut self) -> Vec<Canvas> {
        self.done.push(self.canvas);
        self.done
    }
}
