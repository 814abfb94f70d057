//! The PDF/A-3b file: pages, embedded XML, metadata.

use chrono::Datelike;
use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;

use super::clean::one_line;
use super::fonts::PdfFonts;
use super::layout::{PAGE_HEIGHT, PAGE_WIDTH, kind_name};
use super::model::{InvoiceDocument, Regime};
use super::{pages, xml, xmp};

/// Why an invoice cannot be rendered. Never carries the invoice's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The amounts contradict each other: printing them would be a false invoice.
    #[error("inconsistent invoice: {0}")]
    Inconsistent(&'static str),
    /// The PDF could not be written.
    #[error("PDF not written: {0}")]
    Pdf(&'static str),
}

/// Name of the embedded XML, which the standard fixes.
const XML_NAME: &str = "factur-x.xml";

/// The invoice as a PDF/A-3b file with its Factur-X XML embedded. Same invoice, same bytes.
///
/// # Errors
/// [`RenderError::Inconsistent`] when lines, VAT and total do not add up; text never makes it fail.
pub fn render(doc: &InvoiceDocument) -> Result<Vec<u8>, RenderError> {
    check(doc)?;
    let mut document = Document::new_with(settings()?);
    let mut fonts = PdfFonts::new();
    for canvas in pages::compose(doc) {
        let size = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or(RenderError::Pdf("page size"))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        canvas.paint(&mut surface, &mut fonts);
        surface.finish();
        page.finish();
    }
    document.embed_file(embedded_xml(doc)).ok_or(RenderError::Pdf("embedded file"))?;
    document.set_metadata(metadata(doc));
    let pdf = document.finish().map_err(|_| RenderError::Pdf("refused by the PDF/A rules"))?;
    xmp::add_factur_x(&pdf).ok_or(RenderError::Pdf("metadata packet not found"))
}

/// Sums a reader could check by hand.
fn check(doc: &InvoiceDocument) -> Result<(), RenderError> {
    let sum = doc.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.gross));
    let lines_are_positive = doc.lines.iter().all(|line| line.gross >= 0);
    let untaxed = matches!(doc.vat.regime, Regime::Franchise | Regime::Standard { rate_bp: 0 });
    let problem = [
        (doc.lines.is_empty(), "no line"),
        (!lines_are_positive, "a line is negative"),
        (sum != Some(doc.amount), "the lines do not add up to the total"),
        (doc.tax_amount < 0 || doc.tax_amount > doc.amount, "VAT outside the total"),
        (untaxed && doc.tax_amount != 0, "VAT without a rate"),
    ];
    match problem.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, why)) => Err(RenderError::Inconsistent(why)),
        None => Ok(()),
    }
}

fn settings() -> Result<SerializeSettings, RenderError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_B)
        .finish()
        .map_err(|_| RenderError::Pdf("configuration"))?;
    Ok(SerializeSettings { configuration, enable_tagging: false, ..SerializeSettings::default() })
}

fn embedded_xml(doc: &InvoiceDocument) -> EmbeddedFile {
    EmbeddedFile {
        path: XML_NAME.to_owned(),
        mime_type: MimeType::new("text/xml"),
        description: Some("Factur-X (EN 16931)".to_owned()),
        association_kind: AssociationKind::Alternative,
        data: xml::xml(doc).into_bytes().into(),
        modification_date: Some(issue_instant(doc)),
        compress: Some(true),
        location: None,
    }
}

fn metadata(doc: &InvoiceDocument) -> Metadata {
    let seller = one_line(&doc.seller.name);
    let title = format!("{} {} - {seller}", kind_name(doc), one_line(&doc.number));
    Metadata::new()
        .title(title)
        .authors(vec![seller])
        .description(format!("{} n° {}", kind_name(doc), one_line(&doc.number)))
        .creator("Staka Livres".to_owned())
        .producer("Staka Livres".to_owned())
        .language("fr-FR".to_owned())
        .document_id(doc.number.clone())
        .creation_date(issue_instant(doc))
}

/// The file is dated by the invoice, not by the clock: rendered again, it is the same file.
fn issue_instant(doc: &InvoiceDocument) -> DateTime {
    let part = |value: u32| u8::try_from(value).unwrap_or(1);
    DateTime::new(u16::try_from(doc.issued_on.year()).unwrap_or_default())
        .month(part(doc.issued_on.month()))
        .day(part(doc.issued_on.day()))
        .hour(12)
        .utc_offset_hour(0)
}
