//! The invoice as UN/CEFACT Cross Industry Invoice D16B, Factur-X profile EN 16931.
//!
//! Comments name the business terms (BT) of EN 16931-1 and the rules of the French rule set (BR-FR).

use chrono::NaiveDate;

use super::clean::one_line;
use super::model::{Address, Buyer, InvoiceDocument, Kind, Line, PaymentMethod, Regime, Unit, digits};
use super::xml_writer::XmlWriter;
use crate::{
    config::Seller,
    money::{decimal, unit_decimal},
};

/// BT-24.
const PROFILE: &str = "urn:cen.eu:en16931:2017";
const ROOT: &str = "rsm:CrossIndustryInvoice \
    xmlns:rsm=\"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100\" \
    xmlns:ram=\"urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100\" \
    xmlns:qdt=\"urn:un:unece:uncefact:data:standard:QualifiedDataType:100\" \
    xmlns:udt=\"urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100\"";

/// The Factur-X XML of an invoice (profile EN 16931).
pub fn xml(doc: &InvoiceDocument) -> String {
    let mut xml = XmlWriter::new();
    xml.node(ROOT, |x| {
        context(x, doc);
        header(x, doc);
        x.node("rsm:SupplyChainTradeTransaction", |x| {
            for ((index, line), net) in doc.lines.iter().enumerate().zip(doc.line_nets()) {
                item(x, doc, index + 1, line, net);
            }
            agreement(x, doc);
            delivery(x, doc);
            settlement(x, doc);
        });
    });
    xml.finish()
}

/// BT-72 once the service was supplied; until then BT-70, whom it will be for: the group must hold something.
fn delivery(x: &mut XmlWriter, doc: &InvoiceDocument) {
    x.node("ram:ApplicableHeaderTradeDelivery", |x| match doc.supplied_on {
        Some(day) => x.node("ram:ActualDeliverySupplyChainEvent", |x| {
            date(x, "ram:OccurrenceDateTime", "udt:DateTimeString", day);
        }),
        None => x.node("ram:ShipToTradeParty", |x| x.text("ram:Name", doc.buyer.invoiced_name())),
    });
}

/// Billing frame BT-23 (BR-FR-08): S2 for services already paid, S1 for services still due.
fn context(x: &mut XmlWriter, doc: &InvoiceDocument) {
    let frame = if doc.paid_on.is_some() { "S2" } else { "S1" };
    x.node("rsm:ExchangedDocumentContext", |x| {
        x.node("ram:BusinessProcessSpecifiedDocumentContextParameter", |x| x.text("ram:ID", frame));
        x.node("ram:GuidelineSpecifiedDocumentContextParameter", |x| x.text("ram:ID", PROFILE));
    });
}

fn header(x: &mut XmlWriter, doc: &InvoiceDocument) {
    let code = if doc.is_credit_note() { "381" } else { "380" };
    x.node("rsm:ExchangedDocument", |x| {
        x.text("ram:ID", &doc.number);
        x.text("ram:TypeCode", code);
        date(x, "ram:IssueDateTime", "udt:DateTimeString", doc.issued_on);
        for (subject, content) in notes(doc) {
            x.node("ram:IncludedNote", |x| {
                x.text("ram:Content", content);
                x.text("ram:SubjectCode", subject);
            });
        }
    });
}

/// BR-FR-05/06: PMT, PMD and AAB stand exactly once on every invoice, BR-FR-11: BAR carries the treatment.
fn notes(doc: &InvoiceDocument) -> [(&'static str, &'static str); 4] {
    let treatment = if doc.buyer.business_siren().is_some() { "B2B" } else { "B2C" };
    [("PMT", RECOVERY), ("PMD", LATE_PENALTY), ("AAB", NO_DISCOUNT), ("BAR", treatment)]
}

/// Fixed recovery indemnity (code de commerce, L441-10 and D441-5).
pub(super) const RECOVERY: &str = "En cas de retard de paiement, indemnité forfaitaire pour frais de recouvrement de 40 € entre professionnels.";
/// Late penalties (code de commerce, L441-10).
pub(super) const LATE_PENALTY: &str = "En cas de retard de paiement, pénalités au taux de trois fois le taux \
    d’intérêt légal en vigueur, exigibles sans rappel entre professionnels.";
/// Discount for early payment, or its absence (code de commerce, L441-9).
pub(super) const NO_DISCOUNT: &str = "Pas d’escompte pour paiement anticipé.";

fn item(x: &mut XmlWriter, doc: &InvoiceDocument, number: usize, line: &Line, net: i64) {
    let quantity = line.quantity.max(1);
    let unit = match line.unit {
        Unit::Page => "ram:BilledQuantity unitCode=\"ZP\"",
        Unit::Flat => "ram:BilledQuantity unitCode=\"C62\"",
    };
    x.node("ram:IncludedSupplyChainTradeLineItem", |x| {
        x.node("ram:AssociatedDocumentLineDocument", |x| x.text("ram:LineID", &number.to_string()));
        x.node("ram:SpecifiedTradeProduct", |x| {
            x.text("ram:Name", &or(&one_line(&line.title), "Prestation"));
            x.maybe("ram:Description", line.description.as_deref());
        });
        x.node("ram:SpecifiedLineTradeAgreement", |x| {
            x.node("ram:NetPriceProductTradePrice", |x| {
                x.text("ram:ChargeAmount", &unit_decimal(net, quantity))
            });
        });
        x.node("ram:SpecifiedLineTradeDelivery", |x| x.text(unit, &quantity.to_string()));
        x.node("ram:SpecifiedLineTradeSettlement", |x| {
            x.node("ram:ApplicableTradeTax", |x| {
                x.text("ram:TypeCode", "VAT");
                x.text("ram:CategoryCode", category(doc));
                x.text("ram:RateApplicablePercent", &decimal(doc.vat.rate_bp().into()));
            });
            x.node("ram:SpecifiedTradeSettlementLineMonetarySummation", |x| {
                x.text("ram:LineTotalAmount", &decimal(net));
            });
        });
    });
}

fn category(doc: &InvoiceDocument) -> &'static str {
    match doc.vat.regime {
        Regime::Standard { rate_bp: 0 } => "Z",
        Regime::Standard { .. } => "S",
        Regime::Franchise => "E",
    }
}

fn agreement(x: &mut XmlWriter, doc: &InvoiceDocument) {
    x.node("ram:ApplicableHeaderTradeAgreement", |x| {
        x.maybe("ram:BuyerReference", doc.buyer.reference.as_deref()); // BT-10
        x.node("ram:SellerTradeParty", |x| seller(x, &doc.seller));
        x.node("ram:BuyerTradeParty", |x| buyer(x, &doc.buyer, &doc.seller.country));
        if !doc.order_reference.trim().is_empty() {
            // BT-14
            x.node("ram:SellerOrderReferencedDocument", |x| {
                x.text("ram:IssuerAssignedID", &doc.order_reference)
            });
        }
    });
}

fn seller(x: &mut XmlWriter, seller: &Seller) {
    let siren = digits(&seller.siren);
    let siret = seller.siret.as_deref().map(digits);
    x.maybe("ram:GlobalID schemeID=\"0009\"", siret.as_deref()); // BT-29
    x.text("ram:Name", &seller.name);
    x.text("ram:Description", &legal_identity(seller)); // BT-33
    x.node("ram:SpecifiedLegalOrganization", |x| x.text("ram:ID schemeID=\"0002\"", &siren)); // BT-30
    x.node("ram:DefinedTradeContact", |x| {
        x.text("ram:PersonName", &seller.name);
        if let Some(phone) = &seller.phone {
            x.node("ram:TelephoneUniversalCommunication", |x| x.text("ram:CompleteNumber", phone));
        }
        email(x, &seller.email);
    });
    x.node("ram:PostalTradeAddress", |x| {
        x.text("ram:PostcodeCode", &seller.postal_code);
        x.text("ram:LineOne", &seller.street);
        x.text("ram:CityName", &seller.city);
        x.text("ram:CountryID", &country(&seller.country).unwrap_or_else(|| "FR".into()));
    });
    // BT-34: the address of a French company on the e-invoicing network is its SIREN (scheme 0225).
    endpoint(x, "0225", &siren);
    // BT-31, or BT-32 with the SIREN when there is no VAT number.
    let (scheme, number) = match vat_number(seller.vat_number.as_deref()) {
        Some(number) => ("ram:ID schemeID=\"VA\"", number),
        None => ("ram:ID schemeID=\"FC\"", siren),
    };
    x.node("ram:SpecifiedTaxRegistration", |x| x.text(scheme, &number));
}

/// Legal form, capital and trade register, as one sentence.
pub(super) fn legal_identity(seller: &Seller) -> String {
    let capital = seller.capital.as_deref().map(|capital| format!("au capital de {capital}"));
    let form = [Some(seller.legal_form.as_str()), capital.as_deref()];
    let form: Vec<&str> = form.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect();
    let parts = [Some(form.join(" ")), seller.rcs.clone()];
    parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

fn buyer(x: &mut XmlWriter, buyer: &Buyer, default_country: &str) {
    let invoiced = one_line(buyer.invoiced_name());
    let siren = buyer.business_siren();
    x.text("ram:Name", &or(&invoiced, "Client"));
    if let Some(siren) = &siren {
        x.node("ram:SpecifiedLegalOrganization", |x| x.text("ram:ID schemeID=\"0002\"", siren)); // BT-47
    }
    x.node("ram:DefinedTradeContact", |x| {
        x.text("ram:PersonName", &or(&one_line(&buyer.name), &invoiced));
        email(x, &buyer.email);
    });
    address(x, buyer.address.as_ref(), default_country);
    // BT-49 (BR-FR-21): the SIREN of a French professional, the mail address of anybody else.
    match &siren {
        Some(siren) => endpoint(x, "0225", siren),
        None => endpoint(x, "EM", &buyer.email),
    }
    if let Some(number) = vat_number(buyer.vat_number.as_deref()) {
        x.node("ram:SpecifiedTaxRegistration", |x| x.text("ram:ID schemeID=\"VA\"", &number)); // BT-48
    }
}

/// A buyer who gave no address still needs a country (BR-11): the seller's.
fn address(x: &mut XmlWriter, address: Option<&Address>, default_country: &str) {
    let given = address.and_then(|address| country(&address.country));
    let code = given.or_else(|| country(default_country)).unwrap_or_else(|| "FR".into());
    x.node("ram:PostalTradeAddress", |x| {
        if let Some(address) = address {
            x.text("ram:PostcodeCode", &address.postal_code);
            x.text("ram:LineOne", &address.line1);
            x.maybe("ram:LineTwo", address.line2.as_deref());
            x.text("ram:CityName", &address.city);
        }
        x.text("ram:CountryID", &code);
    });
}

fn email(x: &mut XmlWriter, address: &str) {
    if !address.trim().is_empty() {
        x.node("ram:EmailURIUniversalCommunication", |x| x.text("ram:URIID", address));
    }
}

fn endpoint(x: &mut XmlWriter, scheme: &str, address: &str) {
    if !address.trim().is_empty() {
        x.node("ram:URIUniversalCommunication", |x| {
            x.text(&format!("ram:URIID schemeID=\"{scheme}\""), address)
        });
    }
}

/// The two letters of an ISO 3166-1 code.
fn country(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_uppercase();
    (code.len() == 2 && code.chars().all(|c| c.is_ascii_uppercase())).then_some(code)
}

/// A VAT number that begins with its country (BR-CO-09), without spaces.
fn vat_number(number: Option<&str>) -> Option<String> {
    let number: String = number?.chars().filter(char::is_ascii_alphanumeric).collect();
    country(number.get(..2)?).map(|_| number.to_ascii_uppercase())
}

fn settlement(x: &mut XmlWriter, doc: &InvoiceDocument) {
    x.node("ram:ApplicableHeaderTradeSettlement", |x| {
        payment(x, doc);
        tax(x, doc);
        x.node("ram:SpecifiedTradePaymentTerms", |x| {
            // BR-FR-CO-09: what is already paid was due the day it was paid.
            date(x, "ram:DueDateDateTime", "udt:DateTimeString", doc.paid_on.unwrap_or(doc.due_on));
        });
        totals(x, doc);
        if let Kind::CreditNote { original_number, original_date } = &doc.kind {
            x.node("ram:InvoiceReferencedDocument", |x| {
                x.text("ram:IssuerAssignedID", original_number);
                date(x, "ram:FormattedIssueDateTime", "qdt:DateTimeString", *original_date);
            });
        }
    });
}

fn payment(x: &mut XmlWriter, doc: &InvoiceDocument) {
    x.maybe("ram:PaymentReference", doc.payment.as_ref().and_then(|payment| payment.reference.as_deref()));
    x.text("ram:InvoiceCurrencyCode", "EUR");
    if let Some(payment) = &doc.payment {
        let code = match payment.method {
            PaymentMethod::Card => "48",
            PaymentMethod::Online => "68",
            PaymentMethod::Other => "ZZZ",
        };
        x.node("ram:SpecifiedTradeSettlementPaymentMeans", |x| {
            x.text("ram:TypeCode", code);
            x.text("ram:Information", &payment.means);
        });
    }
}

fn tax(x: &mut XmlWriter, doc: &InvoiceDocument) {
    x.node("ram:ApplicableTradeTax", |x| {
        x.text("ram:CalculatedAmount", &decimal(doc.tax_amount));
        x.text("ram:TypeCode", "VAT");
        x.maybe("ram:ExemptionReason", doc.vat.exemption());
        x.text("ram:BasisAmount", &decimal(doc.net_amount()));
        x.text("ram:CategoryCode", category(doc));
        match doc.vat.regime {
            Regime::Franchise => x.text("ram:ExemptionReasonCode", "VATEX-FR-FRANCHISE"),
            // BT-8: VAT on services is due on receipt of the payment.
            Regime::Standard { .. } => x.text("ram:DueDateTypeCode", "72"),
        }
        x.text("ram:RateApplicablePercent", &decimal(doc.vat.rate_bp().into()));
    });
}

fn totals(x: &mut XmlWriter, doc: &InvoiceDocument) {
    let (prepaid, due) = if doc.paid_on.is_some() { (doc.amount, 0) } else { (0, doc.amount) };
    x.node("ram:SpecifiedTradeSettlementHeaderMonetarySummation", |x| {
        x.text("ram:LineTotalAmount", &decimal(doc.net_amount()));
        x.text("ram:TaxBasisTotalAmount", &decimal(doc.net_amount()));
        x.text("ram:TaxTotalAmount currencyID=\"EUR\"", &decimal(doc.tax_amount));
        x.text("ram:GrandTotalAmount", &decimal(doc.amount));
        x.text("ram:TotalPrepaidAmount", &decimal(prepaid));
        x.text("ram:DuePayableAmount", &decimal(due));
    });
}

fn date(x: &mut XmlWriter, element: &str, format: &str, day: NaiveDate) {
    let open = format!("{format} format=\"102\"");
    x.node(element, |x| x.text(&open, &day.format("%Y%m%d").to_string()));
}

fn or(text: &str, fallback: &str) -> String {
    if text.trim().is_empty() { fallback.to_owned() } else { text.to_owned() }
}
