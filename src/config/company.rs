use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Environment, Vars, date};
use crate::sirene::{is_siren, is_siret};

/// The company that sells, with its legal mentions. Read from the snapshot of an invoice, what is missing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seller {
    /// Name of the company.
    pub name: String,
    /// "SAS", "SARL", "EI"...
    pub legal_form: String,
    /// Share capital as printed, e.g. `1 000 €`.
    pub capital: Option<String>,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// 9 digits, the last of which checks the others.
    pub siren: String,
    /// 14 digits beginning with the SIREN.
    pub siret: Option<String>,
    /// With its country prefix.
    pub vat_number: Option<String>,
    /// Trade register entry, e.g. `RCS Paris 123 456 789`.
    pub rcs: Option<String>,
    /// Address for customers.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Web site.
    pub website: Option<String>,
    /// Consumer mediator: name, address and site (code de la consommation, L616-1).
    pub mediator: Option<String>,
}

/// The seller's identity, printed on every invoice (CGI annexe II, art. 242 nonies A), from `COMPANY_*`.
pub(super) fn seller(vars: &Vars, environment: Environment) -> Result<Seller, ConfigError> {
    let identity = |name: &'static str, sample: &str| match (vars.get(name), environment) {
        (Some(value), _) => Ok(value.to_owned()),
        (None, Environment::Development) => Ok(sample.to_owned()),
        (None, Environment::Production) => {
            Err(ConfigError::Missing(name, ": invoices must carry the seller's identity"))
        }
    };
    let optional = |name: &str| vars.get(name).map(str::to_owned);
    let seller = Seller {
        name: identity("COMPANY_NAME", "Staka Livres")?,
        legal_form: identity("COMPANY_LEGAL_FORM", "SASU")?,
        capital: optional("COMPANY_CAPITAL"),
        street: identity("COMPANY_STREET", "1 rue de l’Exemple")?,
        postal_code: identity("COMPANY_POSTAL_CODE", "75001")?,
        city: identity("COMPANY_CITY", "Paris")?,
        country: vars.text("COMPANY_COUNTRY", "FR"),
        siren: identity("COMPANY_SIREN", "732829320")?.replace(' ', ""),
        siret: optional("COMPANY_SIRET").map(|siret| siret.replace(' ', "")),
        vat_number: optional("COMPANY_VAT_NUMBER").map(|number| number.replace(' ', "")),
        rcs: optional("COMPANY_RCS"),
        email: vars.text("COMPANY_EMAIL", "contact@staka.fr"),
        phone: optional("COMPANY_PHONE"),
        website: optional("COMPANY_WEBSITE"),
        mediator: optional("COMPANY_MEDIATOR"),
    };
    checked(seller)
}

fn checked(seller: Seller) -> Result<Seller, ConfigError> {
    if !is_siren(&seller.siren) {
        return Err(ConfigError::Invalid("COMPANY_SIREN", "must be a SIREN, with its check digit".into()));
    }
    match &seller.siret {
        Some(siret) if !is_siret(siret) || !siret.starts_with(&seller.siren) => Err(ConfigError::Invalid(
            "COMPANY_SIRET",
            "must be a SIRET that begins with the SIREN, with its check digit".into(),
        )),
        _ => Ok(seller),
    }
}

/// VAT that is charged is charged under a number, which every invoice prints (CGI annexe II, art. 242 nonies A).
pub(super) fn vat_number_given(
    seller: &Seller,
    vat: &VatSettings,
    environment: Environment,
) -> Result<(), ConfigError> {
    match (environment, vat.regime, &seller.vat_number) {
        (Environment::Production, VatRegime::Standard, None) => Err(ConfigError::Missing(
            "COMPANY_VAT_NUMBER",
            ": VAT_REGIME=standard charges VAT, and invoices must carry its number",
        )),
        _ => Ok(()),
    }
}

/// The VAT regime in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VatRegime {
    /// VAT at a rate.
    Standard,
    /// Small-business exemption (CGI art. 293 B).
    Franchise,
}

/// The VAT regime written to the database when it has none yet; later changes are dated rows there.
#[derive(Clone, Debug)]
pub struct VatSettings {
    /// `VAT_REGIME`: `standard` or `franchise`
    pub regime: VatRegime,
    /// `VAT_RATE`: percent, kept in basis points
    pub rate_bp: u32,
    /// `VAT_MENTION`: text printed under the exemption
    pub mention: Option<String>,
    /// `VAT_FROM`: first day of the regime
    pub from: NaiveDate,
}

const FRANCHISE_MENTION: &str = "TVA non applicable, art. 293 B du CGI";

impl VatSettings {
    pub(super) fn load(vars: &Vars, environment: Environment) -> Result<Self, ConfigError> {
        let regime = match (vars.get("VAT_REGIME"), environment) {
            (Some("standard"), _) | (None, Environment::Development) => VatRegime::Standard,
            (Some("franchise"), _) => VatRegime::Franchise,
            (Some(_), _) => {
                return Err(ConfigError::Invalid("VAT_REGIME", "must be standard or franchise".into()));
            }
            (None, Environment::Production) => {
                return Err(ConfigError::Missing(
                    "VAT_REGIME",
                    ": standard or franchise, as the company is taxed",
                ));
            }
        };
        let mention = match regime {
            VatRegime::Standard => vars.get("VAT_MENTION").map(str::to_owned),
            VatRegime::Franchise => Some(vars.text("VAT_MENTION", FRANCHISE_MENTION)),
        };
        let from = date(vars, "VAT_FROM")?.unwrap_or(NaiveDate::from_ymd_opt(2020, 1, 1).unwrap_or_default());
        Ok(Self { regime, rate_bp: rate(vars, regime)?, mention, from })
    }
}

fn rate(vars: &Vars, regime: VatRegime) -> Result<u32, ConfigError> {
    let percent: f64 = vars.parsed("VAT_RATE")?.unwrap_or(20.0);
    match (regime, percent) {
        (VatRegime::Franchise, _) => Ok(0),
        (VatRegime::Standard, percent) if percent > 0.0 && percent < 100.0 => {
            Ok((percent * 100.0).round() as u32)
        }
        _ => Err(ConfigError::Invalid("VAT_RATE", "must be a percentage between 0 and 100".into())),
    }
}
