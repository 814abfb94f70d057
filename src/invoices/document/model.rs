//! The invoice as data. Amounts are euro cents, dates are days in Europe/Paris.

#![allow(missing_docs, reason = "a field without a comment is called what it holds")]

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    config::{Seller, VatRegime},
    money,
};

/// An issued invoice or credit note, with everything its paper and its XML say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceDocument {
    pub kind: Kind,
    /// The unique number: at most 35 letters, digits and `+ - _ /` (BR-FR-01/02).
    pub number: String,
    pub issued_on: NaiveDate,
    /// Day the service was supplied; `None` while it is to come.
    pub supplied_on: Option<NaiveDate>,
    pub due_on: NaiveDate,
    /// Day the whole amount was received (or refunded, for a credit note); `None` while it is due.
    pub paid_on: Option<NaiveDate>,
    /// Our order's identifier.
    pub order_reference: String,
    pub seller: Seller,
    pub buyer: Buyer,
    pub lines: Vec<Line>,
    pub vat: Vat,
    /// VAT-inclusive total, cents: the sum of the lines' `gross`. Positive for credit notes too.
    pub amount: i64,
    /// The VAT contained in `amount`, cents.
    pub tax_amount: i64,
    pub payment: Option<PaymentInfo>,
}

/// Invoice (type 380) or credit note (type 381).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    Invoice,
    /// Cancels all or part of an earlier invoice, which it names (BR-FR-CO-05).
    CreditNote {
        original_number: String,
        original_date: NaiveDate,
    },
}

/// The person or company that bought. Read from a snapshot, what is missing is empty: an old document is still drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Buyer {
    /// The person's name.
    pub name: String,
    pub company: Option<String>,
    pub is_professional: bool,
    /// 9 digits.
    pub siren: Option<String>,
    /// With its country prefix.
    pub vat_number: Option<String>,
    /// The buyer's own reference (BT-10).
    pub reference: Option<String>,
    pub email: String,
    pub address: Option<Address>,
}

/// A billing address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub line1: String,
    pub line2: Option<String>,
    pub postal_code: String,
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// One thing sold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    pub title: String,
    pub description: Option<String>,
    /// Pages, or 1 for a flat price.
    pub quantity: u32,
    pub unit: Unit,
    /// VAT-inclusive price of the whole line, cents.
    pub gross: i64,
}

/// What a quantity counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Page,
    #[default]
    Flat,
}

/// The VAT regime on the day of issue: a rate, or an exemption with its mention, never both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vat {
    pub regime: Regime,
    /// Text of the exemption; `TVA non applicable, art. 293 B du CGI` when absent under the franchise.
    pub mention: Option<String>,
}

/// Standard VAT at a rate, or the franchise of small companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Regime {
    Standard {
        /// Rate in basis points: 2000 is 20 %.
        rate_bp: u32,
    },
    Franchise,
}

/// How the invoice was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInfo {
    pub method: PaymentMethod,
    /// French words for the page, e.g. `Carte bancaire (Stripe)`.
    pub means: String,
    /// What the payment is called where it was made: for machines, in the XML alone.
    pub reference: Option<String>,
}

/// Means of payment, as UNTDID 4461 codes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// 48, bank card.
    Card,
    /// 68, online payment service.
    Online,
    /// ZZZ, mutually defined.
    Other,
}

impl InvoiceDocument {
    /// Whether this is a credit note.
    pub fn is_credit_note(&self) -> bool {
        matches!(self.kind, Kind::CreditNote { .. })
    }

    /// Total without VAT, cents.
    pub fn net_amount(&self) -> i64 {
        self.amount - self.tax_amount
    }

    /// Net amount of each line, cents, in the order of `lines`; their sum is exactly [`Self::net_amount`].
    pub fn line_nets(&self) -> Vec<i64> {
        let gross: Vec<i64> = self.lines.iter().map(|line| line.gross).collect();
        money::split(self.net_amount(), &gross)
    }
}

impl Vat {
    /// What the settings and the tables say of a regime.
    pub fn new(regime: VatRegime, rate_bp: u32, mention: Option<String>) -> Self {
        let regime = match regime {
            VatRegime::Standard => Regime::Standard { rate_bp },
            VatRegime::Franchise => Regime::Franchise,
        };
        Self { regime, mention }
    }

    /// VAT contained in a VAT-inclusive amount, cents: `amount - round(amount / (1 + rate))`; 0 under the franchise.
    pub fn tax_of(&self, amount: i64) -> i64 {
        match self.regime {
            Regime::Standard { rate_bp } => money::vat_in(amount, rate_bp),
            Regime::Franchise => 0,
        }
    }

    /// Rate in basis points, 0 under the franchise.
    pub fn rate_bp(&self) -> u32 {
        match self.regime {
            Regime::Standard { rate_bp } => rate_bp,
            Regime::Franchise => 0,
        }
    }

    /// The text that replaces VAT, under the franchise only.
    pub fn exemption(&self) -> Option<&str> {
        let text = self.mention.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match self.regime {
            Regime::Standard { .. } => None,
            Regime::Franchise => Some(text.unwrap_or("TVA non applicable, art. 293 B du CGI")),
        }
    }
}

impl Buyer {
    /// The SIREN of a professional, when it has its 9 digits: what makes the sale B2B for the tax authority.
    pub fn business_siren(&self) -> Option<String> {
        let siren = digits(self.siren.as_deref()?);
        (self.is_professional && siren.len() == 9).then_some(siren)
    }

    /// Who is invoiced: the company of a professional, else the person, else their address.
    pub fn invoiced_name(&self) -> &str {
        let company = self.company.as_deref().filter(|_| self.is_professional);
        [company.unwrap_or(""), self.name.as_str(), self.email.as_str()]
            .into_iter()
            .map(str::trim)
            .find(|name| !name.is_empty())
            .unwrap_or("Client")
    }
}

/// Only the ASCII digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A day as the page prints it: `05/03/2026`.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}
