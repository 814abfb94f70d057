//! The head of the first page: logo, title, dates, who sells, who buys.

use super::canvas::{Area, Colour};
use super::layout::{ACCENT, ACCENT_PALE, GREY, INK, LEFT, RIGHT, SOFT, Sheet, WHITE, WIDTH, kind_name};
use super::logo;
use super::model::{Address, Buyer, InvoiceDocument, Kind, day, digits};
use super::text::{Style, single, wrap_at_most};
use super::xml::legal_identity;
use crate::config::Seller;

const LOGO: f32 = 36.0;
/// Lines a single field may take.
const MAX_LINES: usize = 3;

/// Logo and seller on the left, title and number on the right, then the band of dates.
pub(super) fn head(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    let top = sheet.y;
    logo::draw(&mut sheet.canvas, LEFT, top, LOGO, ACCENT, WHITE, ACCENT_PALE);
    let x = LEFT + LOGO + 12.0;
    let mut baseline = top + 16.0;
    for line in wrap_at_most(&doc.seller.name, Style::bold(15.0), 230.0, 2) {
        sheet.canvas.line(line, x, baseline, INK);
        baseline += 17.0;
    }
    if let Some(site) = &doc.seller.website {
        for line in wrap_at_most(site, Style::regular(8.5), 230.0, 1) {
            sheet.canvas.line(line, x, baseline - 1.0, GREY);
        }
    }
    sheet.canvas.figure(&kind_name(doc).to_uppercase(), Style::bold(25.0), RIGHT, 200.0, top + 19.0, ACCENT);
    sheet.canvas.figure(&format!("N° {}", doc.number), Style::bold(10.5), RIGHT, 200.0, top + 36.0, INK);
    sheet.y = top + 58.0;
    band(sheet, doc);
    origin(sheet, doc);
}

/// Stands for the date of a service not supplied yet.
const TO_COME: &str = "Prestation à venir";

/// Dates and the order's reference, each under its label.
fn band(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    let settled = match (doc.paid_on, doc.is_credit_note()) {
        (Some(date), false) => ("Réglée le", day(date)),
        (Some(date), true) => ("Remboursé le", day(date)),
        (None, _) => ("Échéance", day(doc.due_on)),
    };
    // What is given back for a service that never came has no such date.
    let supplied = doc.supplied_on.map(day).or_else(|| (!doc.is_credit_note()).then(|| TO_COME.to_owned()));
    let cells = [
        Some(("Date d’émission", day(doc.issued_on), 98.0)),
        supplied.map(|supplied| ("Date de la prestation", supplied, 118.0)),
        Some((settled.0, settled.1, 92.0)),
        Some(("Référence de commande", doc.order_reference.clone(), 174.0)),
    ];
    let top = sheet.y;
    sheet.canvas.block(Area { x: LEFT, y: top, width: WIDTH, height: 40.0 }, 6.0, SOFT);
    let mut x = LEFT + 14.0;
    for (label, value, width) in cells.into_iter().flatten() {
        sheet.canvas.text(label, Style::regular(7.5), x, top + 15.5, GREY);
        let style = if value.chars().count() > 20 { Style::regular(8.0) } else { Style::bold(9.5) };
        sheet.canvas.line(single(&value, style).fitted(width), x, top + 30.0, INK);
        x += width;
    }
    sheet.y = top + 40.0;
}

/// What a credit note corrects.
fn origin(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    if let Kind::CreditNote { original_number, original_date } = &doc.kind {
        let text = format!("Avoir sur la facture n° {original_number} du {}.", day(*original_date));
        sheet.y += 8.0;
        sheet.flow(wrap_at_most(&text, Style::bold(9.5), WIDTH, 2), LEFT, 14.0, INK);
    }
}

/// Seller and buyer, side by side.
pub(super) fn blocks(sheet: &mut Sheet<'_>, doc: &InvoiceDocument) {
    let top = sheet.y + 22.0;
    let left = block(sheet, "Émetteur", &seller_lines(&doc.seller), LEFT, top);
    let right = block(
        sheet,
        if doc.is_credit_note() { "Adressé à" } else { "Facturé à" },
        &buyer_lines(&doc.buyer),
        LEFT + 275.0,
        top,
    );
    sheet.y = left.max(right) + 22.0;
}

const COLUMN: f32 = 230.0;

/// A labelled block whose first line is a name; returns where it ends.
fn block(sheet: &mut Sheet<'_>, label: &str, fields: &[Field], x: f32, top: f32) -> f32 {
    sheet.canvas.text(&label.to_uppercase(), Style::bold(7.5), x, top, ACCENT);
    let mut baseline = top + 2.0;
    let mut small = false;
    for field in fields {
        let (style, leading, colour) = field.look();
        if field.is_small() && !small {
            small = true;
            baseline += 4.0;
        }
        for line in wrap_at_most(&field.text, style, COLUMN, MAX_LINES) {
            baseline += leading;
            sheet.canvas.line(line, x, baseline, colour);
        }
    }
    baseline
}

enum Role {
    Name,
    Plain,
    Small,
}

struct Field {
    role: Role,
    text: String,
}

impl Field {
    fn new(role: Role, text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.trim().is_empty()).then_some(Self { role, text })
    }

    fn is_small(&self) -> bool {
        matches!(self.role, Role::Small)
    }

    fn look(&self) -> (Style, f32, Colour) {
        match self.role {
            Role::Name => (Style::bold(10.5), 14.5, INK),
            Role::Plain => (Style::regular(9.0), 12.5, INK),
            Role::Small => (Style::regular(8.0), 11.5, GREY),
        }
    }
}

fn seller_lines(seller: &Seller) -> Vec<Field> {
    let country = foreign_country(&seller.country, "FR");
    let vat = seller.vat_number.as_deref().map(|vat| format!("TVA intracommunautaire : {vat}"));
    let siret = seller.siret.as_deref().map(|siret| format!("SIRET : {}", grouped(siret)));
    let fields = [
        Field::new(Role::Name, seller.name.clone()),
        Field::new(Role::Plain, seller.street.clone()),
        Field::new(Role::Plain, format!("{} {}", seller.postal_code, seller.city)),
        Field::new(Role::Plain, country),
        Field::new(Role::Small, legal_identity(seller)),
        Field::new(Role::Small, format!("SIREN : {}", grouped(&seller.siren))),
        Field::new(Role::Small, siret.unwrap_or_default()),
        Field::new(Role::Small, vat.unwrap_or_default()),
        Field::new(Role::Small, contact(seller)),
    ];
    fields.into_iter().flatten().collect()
}

fn contact(seller: &Seller) -> String {
    let parts = [Some(seller.email.as_str()), seller.phone.as_deref()];
    parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" · ")
}

fn buyer_lines(buyer: &Buyer) -> Vec<Field> {
    let person = if buyer.invoiced_name() == buyer.name.trim() {
        String::new()
    } else {
        prefixed("À l’attention de ", Some(&buyer.name))
    };
    let mut fields = vec![Field::new(Role::Name, buyer.invoiced_name()), Field::new(Role::Plain, person)];
    fields.extend(buyer.address.iter().flat_map(address_lines));
    fields
        .push(Field::new(Role::Small, prefixed("SIREN : ", buyer.siren.as_deref().map(grouped).as_deref())));
    fields.push(Field::new(Role::Small, prefixed("TVA intracommunautaire : ", buyer.vat_number.as_deref())));
    fields.push(Field::new(Role::Small, prefixed("Votre référence : ", buyer.reference.as_deref())));
    fields.push(Field::new(Role::Small, buyer.email.clone()));
    fields.into_iter().flatten().collect()
}

fn address_lines(address: &Address) -> Vec<Option<Field>> {
    let city = format!("{} {}", address.postal_code, address.city);
    vec![
        Field::new(Role::Plain, address.line1.clone()),
        Field::new(Role::Plain, address.line2.clone().unwrap_or_default()),
        Field::new(Role::Plain, city.trim()),
        Field::new(Role::Plain, foreign_country(&address.country, "FR")),
    ]
}

fn prefixed(label: &str, value: Option<&str>) -> String {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    value.map(|value| format!("{label}{value}")).unwrap_or_default()
}

/// SIREN and SIRET are read in groups of three digits (five for the last of a SIRET).
fn grouped(number: &str) -> String {
    let digits = digits(number);
    let cut = |range: std::ops::Range<usize>| digits.get(range);
    match (cut(0..3), cut(3..6), cut(6..9), digits.get(9..)) {
        (Some(a), Some(b), Some(c), Some("")) => format!("{a}\u{a0}{b}\u{a0}{c}"),
        (Some(a), Some(b), Some(c), Some(rest)) => format!("{a}\u{a0}{b}\u{a0}{c}\u{a0}{rest}"),
        _ => number.to_owned(),
    }
}

/// The country of an address, empty for the usual one.
fn foreign_country(code: &str, usual: &str) -> String {
    let code = code.trim().to_ascii_uppercase();
    if code == usual { String::new() } else { country_name(&code).map_or(code, str::to_owned) }
}

/// French names of the countries customers come from most; others print as their code.
fn country_name(code: &str) -> Option<&'static str> {
    Some(match code {
        "FR" => "France",
        "BE" => "Belgique",
        "CH" => "Suisse",
        "LU" => "Luxembourg",
        "MC" => "Monaco",
        "CA" => "Canada",
        "DE" => "Allemagne",
        "ES" => "Espagne",
        "IT" => "Italie",
        "PT" => "Portugal",
        "NL" => "Pays-Bas",
        "IE" => "Irlande",
        "GB" => "Royaume-Uni",
        "US" => "États-Unis",
        "MA" => "Maroc",
        "DZ" => "Algérie",
        "TN" => "Tunisie",
        "SN" => "Sénégal",
        "CI" => "Côte d’Ivoire",
        "CM" => "Cameroun",
        _ => return None,
    })
}

/// The seller in one line, for the foot of every page.
pub(super) fn identity_line(seller: &Seller) -> String {
    let address = format!("{}, {} {}", seller.street, seller.postal_code, seller.city);
    let vat = prefixed("TVA\u{a0}", seller.vat_number.as_deref());
    // The trade register entry usually says the SIREN already.
    let registered = seller.rcs.as_deref().is_some_and(|rcs| digits(rcs).contains(&digits(&seller.siren)));
    let siren = if registered { String::new() } else { format!("SIREN {}", grouped(&seller.siren)) };
    let parts = [seller.name.clone(), legal_identity(seller), address, siren, vat];
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" · ")
}
