//! What the law wants to be true of the seller: what can be told from the settings, and what is to come.

use chrono::NaiveDate;

use super::Finding;
use crate::config::{Config, Seller, VatRegime};

/// Looks at the seller's identity and the terms, on a day.
pub fn findings(config: &Config, today: NaiveDate) -> Vec<Finding> {
    let mut found = vec![identity(&config.company), regime(config), mediator(&config.company), terms(config)];
    found.extend(dates(today));
    found
}

/// The SIREN and the SIRET were checked by their last digit when the settings were read.
fn identity(seller: &Seller) -> Finding {
    match &seller.siret {
        Some(_) => Finding::good("seller", format!("{}, SIREN {}", seller.name, seller.siren)),
        None => Finding::doubtful(
            "seller",
            format!("{}, SIREN {}, no SIRET", seller.name, seller.siren),
            "Set COMPANY_SIRET: electronic invoices name the establishment.",
        ),
    }
}

/// VAT that is charged needs a number whose digits are those of the SIREN (CGI, art. 286 ter; the key is
/// `(12 + 3 × (SIREN mod 97)) mod 97`).
fn regime(config: &Config) -> Finding {
    let number = config.company.vat_number.as_deref();
    let expected = vat_number(&config.company.siren);
    match (config.vat.regime, number) {
        (_, Some(number)) if config.company.country == "FR" && Some(number) != expected.as_deref() => {
            Finding::bad(
                "VAT",
                format!("{number} is not the number that belongs to this SIREN"),
                "Look it up (https://ec.europa.eu/taxation_customs/vies) and mend COMPANY_VAT_NUMBER.",
            )
        }
        (VatRegime::Standard, Some(_)) => {
            Finding::good("VAT", format!("{} % on every sale", f64::from(config.vat.rate_bp) / 100.0))
        }
        (VatRegime::Standard, None) => Finding::bad(
            "VAT",
            "charged without a VAT number",
            "Set COMPANY_VAT_NUMBER, or VAT_REGIME=franchise.",
        ),
        (VatRegime::Franchise, _) => Finding::doubtful(
            "VAT",
            "none, under the exemption of small businesses",
            "It ends on the day the turnover passes the upper threshold: write the new regime's first day then \
             (docs/operations.md).",
        ),
    }
}

fn vat_number(siren: &str) -> Option<String> {
    let number: u64 = siren.parse().ok()?;
    Some(format!("FR{:02}{siren}", (12 + 3 * (number % 97)) % 97))
}

fn mediator(seller: &Seller) -> Finding {
    match seller.mediator {
        Some(_) => Finding::good("mediator", "named on invoices"),
        None => Finding::bad(
            "mediator",
            "none is named",
            "Consumers must be told of one (code de la consommation, L616-1; up to 15 000 €): set COMPANY_MEDIATOR.",
        ),
    }
}

fn terms(config: &Config) -> Finding {
    match &config.terms {
        Some(terms) => {
            Finding::good("terms of sale", format!("version {} is agreed to before paying", terms.version))
        }
        None => Finding::doubtful(
            "terms of sale",
            "nobody agrees to any before paying",
            "Set TERMS_URL: without a request to begin before the 14 days are over, a withdrawal is refunded whole \
             (code de la consommation, L221-25 and L221-28).",
        ),
    }
}

/// Duties that begin, for a small company that sells to consumers.
const DUTIES: [(i32, u32, &str, &str); 2] = [
    (
        2026,
        9,
        "electronic invoices of suppliers must be received",
        "Name an approved platform (plateforme agréée) to the tax administration.",
    ),
    (
        2027,
        9,
        "electronic invoices to professionals, and reports of sales to consumers, are due",
        "Have the platform take our Factur-X files and the figures of the e-report (docs/operations.md).",
    ),
];

fn dates(today: NaiveDate) -> impl Iterator<Item = Finding> {
    DUTIES.into_iter().filter_map(move |(year, month, duty, advice)| {
        let from = NaiveDate::from_ymd_opt(year, month, 1)?;
        let when = if today < from { "from" } else { "since" };
        Some(Finding::doubtful("duty", format!("{when} {from}: {duty}"), advice))
    })
}
