//! What was sold: one row per line, the head repeated on every page.

use super::canvas::Area;
use super::layout::{ACCENT, GREY, INK, LEFT, LINE, RIGHT, Sheet, WHITE};
use super::model::{InvoiceDocument, Line, Regime, Unit};
use super::text::{Style, TextLine, wrap};
use crate::money::{french, french_count, french_per_unit, french_rate};

const HEAD: f32 = 22.0;
const PADDING: f32 = 7.0;
const TITLE: f32 = 12.5;
const DESCRIPTION: f32 = 11.5;
const INSET: f32 = 8.0;

/// Descriptions run under the figures: short texts look the same, long ones take fewer pages.
const DESCRIPTION_WIDTH: f32 = 400.0;

/// A column of figures: its title, its right edge, the width figures may take.
struct Column {
    title: &'static str,
    right: f32,
    width: f32,
}

/// Columns after the first one; under the franchise there is no VAT to set apart.
fn columns(regime: Regime) -> Vec<Column> {
    let at = |title, right, width| Column { title, right, width };
    match regime {
        Regime::Standard { .. } => vec![
            at("Qté", RIGHT - 286.0, 50.0),
            at("Prix unit. HT", RIGHT - 222.0, 60.0),
            at("Total HT", RIGHT - 159.0, 58.0),
            at("Taux", RIGHT - 125.0, 30.0),
            at("TVA", RIGHT - 70.0, 52.0),
            at("Total TTC", RIGHT - INSET, 58.0),
        ],
        Regime::Franchise => vec![
            at("Qté", RIGHT - 166.0, 54.0),
            at("Prix unitaire", RIGHT - 84.0, 76.0),
            at("Montant", RIGHT - INSET, 70.0),
        ],
    }
}

fn title_width(regime: Regime) -> f32 {
    let first = match regime {
        Regime::Standard { .. } => RIGHT - 338.0,
        Regime::Franchise => RIGHT - 226.0,
    };
    first - LEFT - INSET
}

/// The table; rows cut by the end of a page go on under a repeated head.
pub(super) fn draw(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    sheet.need(HEAD + 40.0);
    head(sheet, doc);
    for (line, net) in doc.lines.iter().zip(doc.line_nets()) {
        row(sheet, doc, line, net);
    }
}

fn head(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    let area = Area { x: LEFT, y: sheet.y, width: RIGHT - LEFT, height: HEAD };
    sheet.canvas.block(area, 4.0, ACCENT);
    let baseline = sheet.y + 14.0;
    let style = Style::bold(8.0);
    sheet.canvas.text("Désignation", style, LEFT + INSET, baseline, WHITE);
    for column in columns(doc.vat.regime) {
        sheet.canvas.figure(column.title, style, column.right, column.width, baseline, WHITE);
    }
    sheet.y += HEAD;
}

fn row(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, line: &Line, net: i64) {
    let width = title_width(doc.vat.regime);
    let title = wrap(&super::clean::one_line(&line.title), Style::bold(9.0), width);
    let texts = [line.description.clone(), price_as_sold(line, doc.vat.regime)];
    let texts: Vec<String> = texts.into_iter().flatten().map(|text| text.trim().to_owned()).collect();
    let description: Vec<TextLine> = texts
        .iter()
        .filter(|text| !text.is_empty())
        .flat_map(|text| wrap(text, Style::regular(8.0), DESCRIPTION_WIDTH))
        .collect();

    // A row does not begin with a lone line at the foot of a page.
    if !sheet.fits(PADDING * 2.0 + TITLE + DESCRIPTION * 2.0) {
        sheet.new_page();
        head(sheet, doc);
    }
    sheet.y += PADDING;
    figures(sheet, doc, line, net);
    lines(sheet, doc, title, TITLE, true);
    sheet.y += 1.5;
    lines(sheet, doc, description, DESCRIPTION, false);
    sheet.y += PADDING;
    sheet.canvas.rule(LEFT, RIGHT, sheet.y, LINE);
}

/// The price of a page as the buyer read it, where the columns tell it without VAT.
fn price_as_sold(line: &Line, regime: Regime) -> Option<String> {
    let told = matches!(regime, Regime::Standard { .. }) && line.unit == Unit::Page && line.gross > 0;
    let price = french_per_unit(line.gross, line.quantity);
    told.then(|| format!("{} à {price} TTC", pages(line.quantity)))
}

fn pages(quantity: u32) -> String {
    match quantity {
        0 | 1 => "1\u{a0}page".to_owned(),
        pages => format!("{}\u{a0}pages", french_count(pages.into())),
    }
}

/// The figures stand on the first line of the row.
fn figures(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, line: &Line, net: i64) {
    let quantity = match (line.unit, line.quantity) {
        (Unit::Page, quantity) => pages(quantity),
        (Unit::Flat, quantity) => french_count(quantity.max(1).into()),
    };
    let price = french_per_unit(net, line.quantity);
    let values = match doc.vat.regime {
        Regime::Standard { rate_bp } => {
            vec![
                quantity,
                price,
                french(net),
                french_rate(rate_bp),
                french(line.gross - net),
                french(line.gross),
            ]
        }
        Regime::Franchise => vec![quantity, price, french(net)],
    };
    let baseline = sheet.y + TITLE * 0.72;
    for (column, value) in columns(doc.vat.regime).iter().zip(&values) {
        sheet.canvas.figure(value, Style::regular(8.5), column.right, column.width, baseline, INK);
    }
}

fn lines(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, lines: Vec<TextLine>, leading: f32, strong: bool) {
    for line in lines {
        if !sheet.fits(leading + PADDING) {
            sheet.new_page();
            head(sheet, doc);
            sheet.y += PADDING;
        }
        sheet.y += leading;
        let colour = if strong { INK } else { GREY };
        sheet.canvas.line(line, LEFT + INSET, sheet.y - leading * 0.28, colour);
    }
}
