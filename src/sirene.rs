//! Numbers of the French register of companies (Sirene), with their check digit.

/// Number of La Poste, whose establishments were more than check digits allow.
const LA_POSTE: &str = "356000000";

/// Whether a text is a SIREN: nine digits whose Luhn sum is a multiple of ten (ISO/IEC 7812-1, annex B).
pub fn is_siren(text: &str) -> bool {
    digits(text, 9).is_some_and(|digits| luhn(&digits))
}

/// Whether a text is a SIRET: fourteen digits that keep the same rule, or for La Poste add up to a multiple of five
/// (Insee).
pub fn is_siret(text: &str) -> bool {
    digits(text, 14).is_some_and(|digits| {
        luhn(&digits) || (text.starts_with(LA_POSTE) && digits.iter().sum::<u32>().is_multiple_of(5))
    })
}

fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    digits.filter(|digits| digits.len() == length)
}

fn luhn(digits: &[u32]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(rank, digit)| match rank % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_siren_has_nine_digits_and_a_check_digit() {
        assert!(is_siren("732829320") && is_siren("404833048") && is_siren(LA_POSTE));
        for wrong in ["732829321", "73282932", "7328293200", "73282932a", "", "٧٣٢٨٢٩٣٢٠"] {
            assert!(!is_siren(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_siret_has_fourteen_and_la_poste_a_rule_of_its_own() {
        // The head office keeps both rules, a post office the second alone.
        for right in ["73282932000074", "35600000000048", "35600000049837"] {
            assert!(is_siret(right), "{right}");
        }
        for wrong in ["73282932000075", "7328293200007", "732829320000740", "35600000049838", ""] {
            assert!(!is_siret(wrong), "{wrong}");
        }
    }
}
