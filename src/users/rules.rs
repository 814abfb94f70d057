//! What names, addresses and passwords must look like. Lengths are characters.
//!
//! Each rule has the signature that [`validator`] calls, with the sentence the person reads.

use std::str::FromStr;

use lettre::Address;
use validator::ValidationError;

/// Longest name, as its column.
pub const NAME_MAX: usize = 100;
/// Longest address, as its column.
pub const EMAIL_MAX: usize = 255;
/// Longest phone number, as its column.
pub const PHONE_MAX: usize = 20;
/// Longest postal address, as on order forms.
pub const ADDRESS_MAX: usize = 1_000;
/// Longest text about oneself: its column holds more, in bytes.
pub const BIO_MAX: usize = 10_000;
/// Longest password: hashing is paid for by the byte.
pub const PASSWORD_MAX: usize = 128;

const NAME_MIN: usize = 2;
const PASSWORD_ANY: usize = 12;
const PASSWORD_MIXED: usize = 8;
const PASSWORD_KINDS: usize = 3;

/// The form in which an address is stored and looked up: trimmed and lower-cased.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// An address mail can be sent to, 255 characters at most once normalised.
///
/// # Errors
/// With the sentence to show.
pub fn email(email: &str) -> Result<(), ValidationError> {
    let email = normalise_email(email);
    if email.is_empty() {
        return refuse("required", "L’adresse e-mail est obligatoire.");
    }
    if email.chars().count() > EMAIL_MAX || !has_the_form_of_an_address(&email) {
        return refuse("email", "L’adresse e-mail n’est pas valide.");
    }
    Ok(())
}

/// A first name of 2 to 100 characters.
///
/// # Errors
/// With the sentence to show.
pub fn prenom(prenom: &str) -> Result<(), ValidationError> {
    match is_name(prenom) {
        true => Ok(()),
        false => refuse("length", "Le prénom doit compter de 2 à 100 caractères."),
    }
}

/// A family name of 2 to 100 characters.
///
/// # Errors
/// With the sentence to show.
pub fn nom(nom: &str) -> Result<(), ValidationError> {
    match is_name(nom) {
        true => Ok(()),
        false => refuse("length", "Le nom doit compter de 2 à 100 caractères."),
    }
}

/// A phone number of at most 20 characters; empty means none.
///
/// # Errors
/// With the sentence to show.
pub fn telephone(telephone: &str) -> Result<(), ValidationError> {
    match telephone.trim().chars().count() <= PHONE_MAX && !telephone.contains(char::is_control) {
        true => Ok(()),
        false => refuse("length", "Le numéro de téléphone ne peut pas dépasser 20 caractères."),
    }
}

/// A postal address of at most 1 000 characters; empty means none.
///
/// # Errors
/// With the sentence to show.
pub fn adresse(adresse: &str) -> Result<(), ValidationError> {
    match adresse.trim().chars().count() <= ADDRESS_MAX {
        true => Ok(()),
        false => refuse("length", "L’adresse ne peut pas dépasser 1 000 caractères."),
    }
}

/// A text about oneself of at most 10 000 characters; empty means none.
///
/// # Errors
/// With the sentence to show.
pub fn bio(bio: &str) -> Result<(), ValidationError> {
    match bio.trim().chars().count() <= BIO_MAX {
        true => Ok(()),
        false => refuse("length", "Ce texte ne peut pas dépasser 10 000 caractères."),
    }
}

/// A new password: 12 characters or more, or 8 with three kinds among upper case, lower case, digits and others;
/// 128 at most. Letters outside of A to Z count as others.
///
/// # Errors
/// With the sentence to show.
pub fn new_password(password: &str) -> Result<(), ValidationError> {
    let length = password.chars().count();
    if length > PASSWORD_MAX {
        return refuse("length", "Le mot de passe ne peut pas dépasser 128 caractères.");
    }
    if length >= PASSWORD_ANY || (length >= PASSWORD_MIXED && kinds(password) >= PASSWORD_KINDS) {
        return Ok(());
    }
    refuse(
        "password",
        "Le mot de passe doit compter au moins 12 caractères, ou au moins 8 caractères avec trois types parmi : \
         majuscules, minuscules, chiffres, caractères spéciaux.",
    )
}

fn has_the_form_of_an_address(email: &str) -> bool {
    let strange = |character: char| character.is_whitespace() || character.is_control();
    // What the mail library cannot address would be an account that no mail ever reaches. It also takes addresses of
    // machines and quoted names, which no provider of mailboxes hands out.
    !email.contains(strange)
        && !email.contains(['"', '[', ']'])
        && email.split_once('@').is_some_and(|(_, domain)| is_domain(domain))
        && Address::from_str(email).is_ok()
}

/// A name below another one. A top-level domain is no number (RFC 3696 section 2), which tells names from addresses of
/// machines.
fn is_domain(domain: &str) -> bool {
    domain.rsplit_once('.').is_some_and(|(name, top)| {
        !name.is_empty()
            && !top.is_empty()
            && !domain.contains('@')
            && !top.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Control characters would travel into the headers of mails.
fn is_name(name: &str) -> bool {
    (NAME_MIN..=NAME_MAX).contains(&name.trim().chars().count()) && !name.contains(char::is_control)
}

fn kinds(password: &str) -> usize {
    let tests: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_ascii_alphanumeric(),
    ];
    tests.iter().filter(|test| password.contains(**test)).count()
}

fn refuse(code: &'static str, message: &'static str) -> Result<(), ValidationError> {
    Err(ValidationError::new(code).with_message(message.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_or_mixed() {
        for good in ["abcdefghijkl", "Abcdefg1", "abcdef1!", "ABCDEF1é", "mot de 8", "éééééééééééé"]
        {
            assert!(new_password(good).is_ok(), "{good}");
        }
        for bad in ["", "abcdefghijk", "Abcdef1", "abcdefg1", "ABCDEFG!", "        "] {
            assert!(new_password(bad).is_err(), "{bad}");
        }
        assert!(new_password(&"a".repeat(128)).is_ok());
        assert!(new_password(&"a".repeat(129)).is_err());
    }

    #[test]
    fn addresses_are_those_a_mail_can_reach() {
        for good in ["a@b.fr", "  Prénom.Nom+x@Exemple.FR ", "o'neil@sub.example.com", "x@école.fr"] {
            assert!(email(good).is_ok(), "{good}");
        }
        let long = format!("{}@b.fr", "a".repeat(255));
        for bad in [
            "",
            " ",
            "a",
            "a@b",
            "@b.fr",
            "a@.fr",
            "a@b.",
            "a b@c.fr",
            "a@b@c.fr",
            "a@b.fr\r\nBcc: x",
            "<a@b.fr>",
            "\"a@b\"@c.fr",
            "a@192.0.2.1",
            "a@[192.0.2.1]",
            "a..b@c.fr",
            "a@-b.fr",
            &long,
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(normalise_email("  Léa@Exemple.FR\n"), "léa@exemple.fr");
    }

    #[test]
    fn names_have_2_to_100_characters_without_control_characters() {
        assert!(prenom("Jo").is_ok() && nom(&"é".repeat(100)).is_ok());
        assert!(prenom(" J ").is_err() && nom(&"é".repeat(101)).is_err() && nom("Jo\nBcc: x").is_err());
        assert!(telephone("").is_ok() && telephone("+33 6 12 34 56 78").is_ok());
        assert!(telephone(&"1".repeat(21)).is_err());
    }
}
