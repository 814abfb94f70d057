//! Who an order is invoiced to.

use super::form::Fields;
use crate::{
    http::Problems,
    sirene::is_siren,
    users::billing::{Buyer, TypeClient},
};

const KEYS: [&str; 6] =
    ["typeClient", "societe", "siren", "numeroTva", "referenceClient", "adresseFacturation"];

/// Reads the block of a form, noting what is wrong with it. `None` when the form has none of its fields.
pub(super) fn read(fields: &Fields, problems: &mut Problems) -> Option<Buyer> {
    KEYS.iter().any(|key| fields.line(key).is_some()).then(|| {
        let buyer = Buyer {
            type_client: type_client(fields, problems),
            societe: fields.optional("societe", 255, problems),
            siren: fields.line("siren").map(|raw| siren(&raw, problems)),
            numero_tva: fields.line("numeroTva").map(|raw| vat_number(&raw, problems)),
            reference_client: fields.optional("referenceClient", 100, problems),
            adresse_facturation: fields.text("adresseFacturation", 1000, problems),
        };
        judge(&buyer, problems);
        buyer
    })
}

fn judge(buyer: &Buyer, problems: &mut Problems) {
    if buyer.type_client == TypeClient::Professionnel && buyer.societe.is_none() {
        problems.add("societe", "required", "Indiquez le nom de votre société.");
    }
    // A French VAT number ends with the SIREN (CGI, annexe 2, article 286 ter A).
    let belongs = |number: &str, siren: &str| !number.starts_with("FR") || number.ends_with(siren);
    if let (Some(number), Some(siren)) = (&buyer.numero_tva, &buyer.siren)
        && !belongs(number, siren)
    {
        problems.add("numeroTva", "invalid", "Le numéro de TVA ne correspond pas au SIREN.");
    }
}

fn type_client(fields: &Fields, problems: &mut Problems) -> TypeClient {
    match fields.line("typeClient").as_deref() {
        None | Some("PARTICULIER") => TypeClient::Particulier,
        Some("PROFESSIONNEL") => TypeClient::Professionnel,
        Some(_) => {
            problems.add(
                "typeClient",
                "invalid_value",
                "Le type de client doit être PARTICULIER ou PROFESSIONNEL.",
            );
            TypeClient::Particulier
        }
    }
}

fn siren(raw: &str, problems: &mut Problems) -> String {
    let digits: String = raw.chars().filter(|c| !c.is_whitespace()).collect();
    if !is_siren(&digits) {
        problems.add("siren", "invalid", "Le SIREN doit comporter 9 chiffres valides.");
    }
    digits
}

/// Two letters of a country, then two to thirteen letters or digits; for France a key of two and the SIREN.
fn vat_number(raw: &str, problems: &mut Problems) -> String {
    let number: String = raw
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '.' && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if !is_vat_number(&number) {
        problems.add("numeroTva", "invalid", "Le numéro de TVA n’est pas valide.");
    }
    number
}

fn is_vat_number(number: &str) -> bool {
    let Some((country, rest)) = number.split_at_checked(2) else { return false };
    let shape = country.chars().all(|c| c.is_ascii_uppercase())
        && (2..=13).contains(&rest.len())
        && rest.chars().all(|c| c.is_ascii_alphanumeric());
    let french = || rest.len() == 11 && rest.get(2..).is_some_and(is_siren);
    shape && (country != "FR" || french())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_numbers_have_a_country_and_for_france_a_siren() {
        assert!(
            is_vat_number("FR44732829320") && is_vat_number("DE123456789") && is_vat_number("NL123456789B01")
        );
        for wrong in ["FR44732829321", "FR4473282932", "44732829320", "F", "é", "DE1", "DE12345678901234"] {
            assert!(!is_vat_number(wrong), "{wrong}");
        }
    }
}
