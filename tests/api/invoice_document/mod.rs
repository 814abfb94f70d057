//! The invoice document: its XML, its PDF, and that nothing a person types breaks either.

mod overlaps;
mod properties;
mod samples;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use staka::invoices::document::{InvoiceDocument, RenderError, render, xml};

/// A directory of its own, removed at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("staka-invoice-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(program: &str, args: &[&Path]) -> Vec<u8> {
    let output = Command::new(program).args(args).output().expect("poppler-utils is installed");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What a person reads, page after page; spaces that do not break as plain ones.
fn pages(doc: &InvoiceDocument) -> Vec<String> {
    let scratch = Scratch::new();
    let file = scratch.0.join("invoice.pdf");
    std::fs::write(&file, render(doc).unwrap()).unwrap();
    let text = run("pdftotext", &[Path::new("-layout"), &file, Path::new("-")]);
    let text = String::from_utf8(text).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
    text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

fn assert_prints(doc: &InvoiceDocument, expected: &[&str]) {
    let text = pages(doc).concat();
    for part in expected {
        assert!(text.contains(part), "« {part} » is missing in:\n{text}");
    }
}

fn assert_has(xml: &str, expected: &[&str]) {
    let flat = xml.lines().map(str::trim).collect::<String>();
    for part in expected {
        assert!(flat.contains(part), "{part} is missing in:\n{xml}");
    }
}

#[test]
fn a_paid_invoice_says_so_in_xml() {
    let xml = xml(&samples::consumer_invoice());
    assert_has(
        &xml,
        &[
            "<ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>S2</ram:ID>",
            "<ram:ID>urn:cen.eu:en16931:2017</ram:ID>",
            "<ram:ID>FA-2026-000123</ram:ID><ram:TypeCode>380</ram:TypeCode>",
            "<udt:DateTimeString format=\"102\">20260312</udt:DateTimeString>",
            "<ram:Content>B2C</ram:Content><ram:SubjectCode>BAR</ram:SubjectCode>",
            "<ram:ID schemeID=\"0002\">732829320</ram:ID>",
            "<ram:GlobalID schemeID=\"0009\">73282932000074</ram:GlobalID>",
            "<ram:ID schemeID=\"VA\">FR44732829320</ram:ID>",
            "<ram:TypeCode>48</ram:TypeCode>",
            "<ram:CategoryCode>S</ram:CategoryCode>",
            "<ram:RateApplicablePercent>20.00</ram:RateApplicablePercent>",
            "<ram:TaxBasisTotalAmount>291.67</ram:TaxBasisTotalAmount>",
            "<ram:TaxTotalAmount currencyID=\"EUR\">58.33</ram:TaxTotalAmount>",
            "<ram:GrandTotalAmount>350.00</ram:GrandTotalAmount>",
            "<ram:TotalPrepaidAmount>350.00</ram:TotalPrepaidAmount>",
            "<ram:DuePayableAmount>0.00</ram:DuePayableAmount>",
        ],
    );
    for subject in ["PMT", "PMD", "AAB", "BAR"] {
        assert_eq!(xml.matches(&format!("<ram:SubjectCode>{subject}<")).count(), 1);
    }
}

#[test]
fn a_professional_is_named_by_company_and_siren() {
    let doc = samples::professional_invoice();
    assert_has(
        &xml(&doc),
        &[
            "<ram:Content>B2B</ram:Content>",
            "<ram:ID schemeID=\"0002\">552100554</ram:ID>",
            "<ram:URIID schemeID=\"0225\">552100554</ram:URIID>",
            "<ram:BuyerReference>BC-2026-77</ram:BuyerReference>",
        ],
    );
    assert_prints(
        &doc,
        &["Éditions du Vieux Moulin SARL", "Cœlia Lefèvre", "552 100 554", "40 €", "trois fois"],
    );
}

#[test]
fn a_consumer_reads_of_the_mediator_and_not_of_penalties() {
    let doc = samples::consumer_invoice();
    assert_prints(&doc, &["Médiation Exemple"]);
    let text = pages(&doc).concat();
    assert!(!text.contains("pénalités") && !text.contains("40 €"));
}

#[test]
fn the_franchise_replaces_vat_by_its_mention() {
    let doc = samples::franchise_invoice();
    let xml = xml(&doc);
    assert_has(
        &xml,
        &[
            "<ram:ID schemeID=\"FC\">732829320</ram:ID>",
            "<ram:CategoryCode>E</ram:CategoryCode><ram:ExemptionReasonCode>VATEX-FR-FRANCHISE</ram:ExemptionReasonCode>",
            "<ram:ExemptionReason>TVA non applicable, art. 293 B du CGI</ram:ExemptionReason>",
            "<ram:TaxBasisTotalAmount>350.00</ram:TaxBasisTotalAmount>",
        ],
    );
    assert!(!xml.contains("schemeID=\"VA\""));
    let text = pages(&doc).concat();
    assert!(text.contains("TVA non applicable, art. 293 B du CGI"));
    assert!(!text.contains("TTC") && !text.contains("20 %"));
}

#[test]
fn a_credit_note_names_the_invoice_it_corrects() {
    let doc = samples::credit_note();
    let xml = xml(&doc);
    assert_has(
        &xml,
        &[
            "<ram:TypeCode>381</ram:TypeCode>",
            "<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>FA-2026-000124</ram:IssuerAssignedID>",
            "<qdt:DateTimeString format=\"102\">20260312</qdt:DateTimeString>",
        ],
    );
    assert_prints(
        &doc,
        &["AVOIR", "N° AV-2026-000007", "Avoir sur la facture n° FA-2026-000124 du 12/03/2026", "99,99 €"],
    );
}

#[test]
fn an_unpaid_invoice_asks_for_its_amount() {
    let doc = samples::unpaid_invoice();
    assert_has(&xml(&doc), &["<ram:ID>S1</ram:ID>", "<ram:DuePayableAmount>350.00</ram:DuePayableAmount>"]);
    assert_prints(&doc, &["À régler avant le 31/03/2026"]);
}

#[test]
fn a_person_reads_what_the_law_wants() {
    assert_prints(
        &samples::consumer_invoice(),
        &[
            "FACTURE",
            "N° FA-2026-000123",
            "12/03/2026",
            "Staka Livres",
            "SAS au capital de 1 000 €",
            "732 829 320 00074",
            "FR44732829320",
            "RCS Paris",
            "12 rue des Œillets",
            "Cœlia Lefèvre",
            "59000 Lille",
            "L’Œuvre de l’été",
            "291,67 €",
            "58,33 €",
            "350,00 €",
            "20 %",
            "✓ Acquittée le 12/03/2026",
            "Carte bancaire (Stripe)",
            "Référence : 7F3K-92QD",
            "Page 1 / 1",
        ],
    );
    // What Stripe calls the payment is for machines.
    let payment = "pi_3PqX8yLkdIwHu7ix0Zt9vB2c";
    assert!(!pages(&samples::consumer_invoice()).concat().contains(payment));
    assert_has(&xml(&samples::consumer_invoice()), &[&format!("<ram:PaymentReference>{payment}<")]);
}

#[test]
fn long_texts_flow_over_pages_with_the_head_repeated() {
    let pages = pages(&samples::monster_invoice());
    assert!(pages.len() > 1);
    let text = pages.concat();
    for part in ["Le cœur a ses raisons", "naïf", "ﬁl", "FIN DU TEXTE", "1 234 567,90 €"] {
        let ligature_or_letters = part.replace('ﬁ', "fi");
        assert!(
            text.contains(part) || text.contains(&ligature_or_letters),
            "« {part} » is missing in:\n{text}"
        );
    }
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} / {}", index + 1, pages.len())));
    }
    assert!(pages[1].contains("Désignation") && pages[1].contains("Facture n° FA-2026-000127 (suite)"));
    assert_eq!(
        text.matches("Le cœur a ses raisons").count(),
        samples::monster_invoice().lines[0].description.as_ref().unwrap().matches("Le cœur").count()
    );
}

#[test]
fn the_embedded_xml_is_the_xml() {
    for (name, doc) in samples::all() {
        let scratch = Scratch::new();
        let file = scratch.0.join("invoice.pdf");
        std::fs::write(&file, render(&doc).unwrap()).unwrap();
        run("pdfdetach", &[Path::new("-saveall"), Path::new("-o"), &scratch.0, &file]);
        let embedded = std::fs::read_to_string(scratch.0.join("factur-x.xml")).unwrap();
        assert_eq!(embedded, xml(&doc), "{name}");
    }
}

#[test]
fn the_same_invoice_gives_the_same_bytes() {
    let doc = samples::consumer_invoice();
    let copy: InvoiceDocument = serde_json::from_str(&serde_json::to_string(&doc).unwrap()).unwrap();
    assert_eq!(copy, doc);
    assert_eq!(render(&copy).unwrap(), render(&doc).unwrap());
}

#[test]
fn contradictory_amounts_are_refused() {
    let mut doc = samples::consumer_invoice();
    doc.amount += 1;
    assert!(matches!(render(&doc), Err(RenderError::Inconsistent(_))));
    let mut doc = samples::franchise_invoice();
    doc.tax_amount = 1;
    assert!(matches!(render(&doc), Err(RenderError::Inconsistent(_))));
}

/// Writes one PDF per sample to `INVOICE_SAMPLES_DIR` (default `target/invoice-samples`), for the independent
/// validators of `tests/facturx_check.sh`.
#[test]
fn writes_sample_invoices() {
    let directory = std::env::var_os("INVOICE_SAMPLES_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/invoice-samples"), PathBuf::from);
    std::fs::create_dir_all(&directory).unwrap();
    for (name, doc) in samples::all() {
        std::fs::write(directory.join(format!("{name}.pdf")), render(&doc).unwrap()).unwrap();
    }
}
