//! After the table: VAT summary, totals, payment, legal mentions.

use super::canvas::Area;
use super::layout::{
    ACCENT, AMBER, AMBER_SOFT, GREEN, GREEN_SOFT, GREY, INK, LEFT, LINE, RIGHT, Sheet, WHITE, WIDTH,
};
use super::model::{InvoiceDocument, Regime, day};
use super::text::{Style, TextLine, wrap, wrap_at_most};
use super::xml::{LATE_PENALTY, NO_DISCOUNT, RECOVERY};
use crate::money::{french, french_rate};

const TOTALS: f32 = 216.0;
const SUMMARY: f32 = 258.0;
const ROW: f32 = 17.0;
/// Width of a figure of the VAT summary.
const CELL: f32 = 76.0;
/// Height of summary, stamp and totals, which stay together on one page.
const HEIGHT: f32 = 150.0;

/// Everything below the table.
pub(super) fn draw(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    sheet.y += 16.0;
    sheet.need(HEIGHT);
    let top = sheet.y;
    let summary_end = match doc.vat.regime {
        Regime::Standard { rate_bp } => vat_summary(sheet, doc, rate_bp, top),
        Regime::Franchise => exemption(sheet, doc, top),
    };
    let stamp_end = stamp(sheet, doc, summary_end + 14.0);
    let totals_end = totals(sheet, doc, top);
    sheet.y = stamp_end.max(totals_end) + 22.0;
    mentions(sheet, doc);
}

/// Rate, net and VAT, one row as there is one rate.
fn vat_summary(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, rate_bp: u32, top: f32) -> f32 {
    let canvas = &mut sheet.canvas;
    let columns = [LEFT + 96.0, LEFT + 178.0, LEFT + SUMMARY - 8.0];
    let label = Style::bold(7.5);
    canvas.text("Détail de la TVA", label, LEFT + 8.0, top + 11.0, GREY);
    for (title, right) in ["Taux", "Base HT", "Montant"].into_iter().zip(columns) {
        let style = Style::regular(7.5);
        canvas.figure(title, style, right, CELL, top + 11.0, GREY);
    }
    canvas.rule(LEFT, LEFT + SUMMARY, top + ROW, LINE);
    let values = [french_rate(rate_bp), french(doc.net_amount()), french(doc.tax_amount)];
    for (value, right) in values.iter().zip(columns) {
        canvas.figure(value, Style::regular(8.5), right, CELL, top + ROW + 12.0, INK);
    }
    canvas.rule(LEFT, LEFT + SUMMARY, top + ROW * 2.0, LINE);
    top + ROW * 2.0
}

/// The mention that stands in place of VAT under the franchise.
fn exemption(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, top: f32) -> f32 {
    let mut baseline = top;
    for line in wrap_at_most(doc.vat.exemption().unwrap_or_default(), Style::bold(9.0), SUMMARY - 8.0, 4) {
        baseline += 13.0;
        sheet.canvas.line(line, LEFT + 8.0, baseline, INK);
    }
    baseline + 4.0
}

/// "Acquittée le": when, how, for which order.
fn stamp(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, top: f32) -> f32 {
    let (headline, colour, soft) = match (doc.paid_on, doc.is_credit_note()) {
        (Some(date), false) => (format!("✓ Acquittée le {}", day(date)), GREEN, GREEN_SOFT),
        (Some(date), true) => (format!("✓ Remboursé le {}", day(date)), GREEN, GREEN_SOFT),
        (None, _) => (format!("À régler avant le {}", day(doc.due_on)), AMBER, AMBER_SOFT),
    };
    let details = payment_lines(doc);
    let height =
        details.iter().fold(31.0, |height, _| height + 11.0) - if details.is_empty() { 2.0 } else { 0.0 };
    let area = Area { x: LEFT, y: top, width: SUMMARY, height };
    sheet.canvas.block(area, 5.0, soft);
    sheet.canvas.frame(area, 5.0, colour, 0.7);
    sheet.canvas.text(&headline, Style::bold(11.0), LEFT + 12.0, top + 19.0, colour);
    let mut baseline = top + 22.0;
    for line in details {
        baseline += 11.0;
        sheet.canvas.line(line, LEFT + 12.0, baseline, GREY);
    }
    top + height
}

fn payment_lines(doc: &InvoiceDocument) -> Vec<TextLine> {
    let Some(payment) = &doc.payment else {
        return Vec::new();
    };
    let order = Some(doc.order_reference.trim()).filter(|reference| !reference.is_empty());
    let texts = [
        Some(format!("Moyen de paiement : {}", payment.means)),
        order.map(|reference| format!("Référence : {reference}")),
    ];
    let style = Style::regular(8.0);
    texts.into_iter().flatten().flat_map(|text| wrap_at_most(&text, style, SUMMARY - 24.0, 2)).collect()
}

/// Net, VAT and total, then what is left to pay.
fn totals(sheet: &mut Sheet<'_>, doc: &InvoiceDocument, top: f32) -> f32 {
    let (left, mut y) = (RIGHT - TOTALS, top);
    let total = match doc.vat.regime {
        Regime::Standard { rate_bp } => {
            row(sheet, "Total HT", &french(doc.net_amount()), &mut y);
            row(sheet, &format!("TVA {}", french_rate(rate_bp)), &french(doc.tax_amount), &mut y);
            "Total TTC"
        }
        Regime::Franchise => "Total",
    };
    sheet.canvas.block(Area { x: left, y: y + 3.0, width: TOTALS, height: 27.0 }, 5.0, ACCENT);
    sheet.canvas.text(total, Style::bold(10.5), left + 12.0, y + 20.5, WHITE);
    sheet.canvas.figure(&french(doc.amount), Style::bold(12.5), RIGHT - 12.0, TOTALS - 90.0, y + 21.0, WHITE);
    y += 35.0;
    let settled = if doc.paid_on.is_some() { doc.amount } else { 0 };
    let (done, left_over) = if doc.is_credit_note() {
        ("Déjà remboursé", "Reste à rembourser")
    } else {
        ("Déjà réglé", "Net à payer")
    };
    row(sheet, done, &french(settled), &mut y);
    row(sheet, left_over, &french(doc.amount - settled), &mut y);
    y
}

fn row(sheet: &mut Sheet<'_>, label: &str, value: &str, y: &mut f32) {
    let baseline = *y + 11.5;
    sheet.canvas.text(label, Style::regular(9.0), RIGHT - TOTALS + 12.0, baseline, GREY);
    sheet.canvas.figure(value, Style::regular(9.0), RIGHT - 12.0, TOTALS - 116.0, baseline, INK);
    *y += ROW;
}

/// Legal mentions: late payment rules bind professionals, the mediator serves consumers.
fn mentions(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    let mut texts = vec!["Nature de l’opération : prestation de services.".to_owned()];
    if doc.buyer.is_professional && !doc.is_credit_note() {
        texts.extend([NO_DISCOUNT, LATE_PENALTY, RECOVERY].map(str::to_owned));
    }
    let mediator = doc.seller.mediator.as_deref().filter(|text| !text.trim().is_empty());
    if let Some(mediator) = mediator.filter(|_| !doc.buyer.is_professional) {
        texts.push(format!(
            "En cas de litige non résolu avec notre service client, le consommateur peut recourir gratuitement \
             au médiateur de la consommation : {}",
            mediator.trim()
        ));
    }
    for text in texts {
        sheet.flow(wrap(&text, Style::regular(7.5), WIDTH), LEFT, 10.5, GREY);
        sheet.y += 2.0;
    }
    if !doc.is_credit_note() {
        sheet.y += 8.0;
        sheet.flow(wrap("Merci de votre confiance.", Style::bold(9.0), WIDTH), LEFT, 14.0, INK);
    }
}
