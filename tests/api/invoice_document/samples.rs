//! Invoices of every kind the shop issues, and some it hopes never to.

use chrono::NaiveDate;
use staka::invoices::document::{
    Address, Buyer, InvoiceDocument, Kind, Line, PaymentInfo, PaymentMethod, Regime, Seller, Unit, Vat,
};

pub fn date(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

pub fn seller() -> Seller {
    Seller {
        name: "Staka Livres".into(),
        legal_form: "SAS".into(),
        capital: Some("1 000 €".into()),
        street: "12 rue des Œillets".into(),
        postal_code: "75011".into(),
        city: "Paris".into(),
        country: "FR".into(),
        siren: "732829320".into(),
        siret: Some("73282932000074".into()),
        vat_number: Some("FR44732829320".into()),
        rcs: Some("RCS Paris 732 829 320".into()),
        email: "contact@staka.example".into(),
        phone: Some("01 23 45 67 89".into()),
        website: Some("www.livrestaka.fr".into()),
        mediator: Some("Médiation Exemple, 1 place de l’Équité, 75001 Paris, www.mediation.example".into()),
    }
}

fn consumer() -> Buyer {
    Buyer {
        name: "Cœlia Lefèvre".into(),
        company: None,
        is_professional: false,
        siren: None,
        vat_number: None,
        reference: None,
        email: "coelia@example.com".into(),
        address: Some(Address {
            line1: "3 impasse du Cœur-Volant".into(),
            line2: Some("Bâtiment B, 2ᵉ étage".into()),
            postal_code: "59000".into(),
            city: "Lille".into(),
            country: "FR".into(),
        }),
    }
}

/// One flat pack, paid by card by a person.
pub fn consumer_invoice() -> InvoiceDocument {
    let vat = Vat { regime: Regime::Standard { rate_bp: 2000 }, mention: None };
    InvoiceDocument {
        kind: Kind::Invoice,
        number: "FA-2026-000123".into(),
        issued_on: date(12),
        supplied_on: Some(date(12)),
        due_on: date(12),
        paid_on: Some(date(12)),
        order_reference: "7F3K-92QD".into(),
        seller: seller(),
        buyer: consumer(),
        lines: vec![Line {
            title: "Pack KDP Autoédition".into(),
            description: Some("Correction, mise en page et couverture de « L’Œuvre de l’été ».\nLivraison des fichiers prêts pour l’impression.".into()),
            quantity: 1,
            unit: Unit::Flat,
            gross: 35_000,
        }],
        amount: 35_000,
        tax_amount: vat.tax_of(35_000),
        vat,
        payment: Some(PaymentInfo {
            method: PaymentMethod::Card,
            means: "Carte bancaire (Stripe)".into(),
            reference: Some("pi_3PqX8yLkdIwHu7ix0Zt9vB2c".into()),
        }),
    }
}

/// The same, bought by a company.
pub fn professional_invoice() -> InvoiceDocument {
    let mut doc = consumer_invoice();
    doc.number = "FA-2026-000124".into();
    doc.buyer.company = Some("Éditions du Vieux Moulin SARL".into());
    doc.buyer.is_professional = true;
    doc.buyer.siren = Some("552 100 554".into());
    doc.buyer.vat_number = Some("FR 83 552100554".into());
    doc.buyer.reference = Some("BC-2026-77".into());
    doc
}

/// A seller without VAT.
pub fn franchise_invoice() -> InvoiceDocument {
    let mut doc = consumer_invoice();
    doc.number = "FA-2026-000125".into();
    doc.seller.legal_form = "EI".into();
    doc.seller.capital = None;
    doc.seller.rcs = None;
    doc.seller.vat_number = None;
    doc.vat =
        Vat { regime: Regime::Franchise, mention: Some("TVA non applicable, art. 293 B du CGI".into()) };
    doc.tax_amount = 0;
    doc
}

/// A partial refund.
pub fn credit_note() -> InvoiceDocument {
    let mut doc = professional_invoice();
    doc.kind = Kind::CreditNote { original_number: "FA-2026-000124".into(), original_date: date(12) };
    doc.number = "AV-2026-000007".into();
    doc.supplied_on = None;
    doc.issued_on = date(20);
    doc.paid_on = Some(date(20));
    with_lines(doc, vec![line("Remboursement partiel : Pack KDP Autoédition", 1, Unit::Flat, 9_999)])
}

/// Pages at three prices, cents that do not divide; the service is to come.
pub fn per_page_invoice() -> InvoiceDocument {
    let mut doc = consumer_invoice();
    doc.number = "FA-2026-000126".into();
    doc.buyer.address = None;
    doc.supplied_on = None;
    let lines = vec![
        line("Correction Standard, pages 1 à 10 (offertes)", 10, Unit::Page, 0),
        line("Correction Standard, pages 11 à 300", 290, Unit::Page, 57_999),
        line("Correction Standard, pages au-delà de 300", 33, Unit::Page, 4_951),
    ];
    with_lines(doc, lines)
}

/// Not paid yet: to settle before a date.
pub fn unpaid_invoice() -> InvoiceDocument {
    let mut doc = professional_invoice();
    doc.number = "FA-2026-000128".into();
    doc.paid_on = None;
    doc.due_on = date(31);
    doc.payment = None;
    doc
}

/// Everything a form lets through: every script, controls, endless words, 5 000 characters.
pub fn monster_invoice() -> InvoiceDocument {
    let mut doc = professional_invoice();
    doc.number = "FA-2026-000127".into();
    doc.buyer.name = "شخص ما \u{202e}detrevni <script>&amp;".into();
    doc.buyer.company = Some(format!("Société {}", "trèslongue".repeat(40)));
    doc.buyer.reference = Some("👩‍👩‍👧‍👦 réf \u{0}\u{1b}[31m".into());
    let mut monster = line(
        "« Ma vie 😀👍🏽 » \u{0}\u{7} שלום עולם — مرحبا بالعالم 中文 日本語 한국어 हिन्दी ไทย Żółć Ελλάδα \u{13000}",
        1,
        Unit::Flat,
        123_456_789,
    );
    let paragraph = "Le cœur a ses raisons, où l’œil naïf ne voit qu’un ﬁl : « ça, c’est l’été ! »\n";
    let mut text = format!("{}\n\n{}\n", "a".repeat(300), "e\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(10));
    while text.chars().count() < 5_000 - 20 {
        text.push_str(paragraph);
    }
    text.push_str("\nFIN DU TEXTE");
    monster.description = Some(text);
    with_lines(doc, vec![monster, line(&"titre sans fin ".repeat(60), 1, Unit::Page, 1)])
}

pub fn line(title: &str, quantity: u32, unit: Unit, gross: i64) -> Line {
    Line { title: title.into(), description: None, quantity, unit, gross }
}

/// The document with other lines, its totals following.
pub fn with_lines(mut doc: InvoiceDocument, lines: Vec<Line>) -> InvoiceDocument {
    doc.amount = lines.iter().map(|line| line.gross).sum();
    doc.tax_amount = doc.vat.tax_of(doc.amount);
    doc.lines = lines;
    doc
}

/// Every sample, with the name of its file.
pub fn all() -> Vec<(&'static str, InvoiceDocument)> {
    vec![
        ("consumer", consumer_invoice()),
        ("professional", professional_invoice()),
        ("franchise", franchise_invoice()),
        ("credit-note", credit_note()),
        ("per-page", per_page_invoice()),
        ("unpaid", unpaid_invoice()),
        ("monster", monster_invoice()),
    ]
}
