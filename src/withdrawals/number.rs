//! What people type as the number of an order or an invoice.

/// What a typed number may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The reference of an order, as it is written.
    pub reference: Option<String>,
    /// The number of an invoice.
    pub invoice: Option<String>,
}

/// Characters of a reference.
const REFERENCE: usize = 8;

/// Reads a number whatever the case, the blanks and the dash it was typed with; what is not ASCII then names nothing.
pub fn read(typed: &str) -> Named {
    let text: String = typed
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if matches!(c, '‐' | '‑' | '–' | '—' | '−') { '-' } else { c.to_ascii_uppercase() })
        .collect();
    let text = text.trim_start_matches(['#', '°']);
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    Named { reference: reference(text), invoice: plain.then(|| text.to_owned()) }
}

/// Two groups of four of Crockford's base 32, in which letters that look like digits are digits.
fn reference(text: &str) -> Option<String> {
    let read: String = text
        .chars()
        .filter(|c| *c != '-')
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    let fits = read.len() == REFERENCE && read.bytes().all(|b| b.is_ascii_alphanumeric() && b != b'U');
    let (first, second) = read.split_at_checked(REFERENCE / 2).filter(|_| fits)?;
    Some(format!("{first}-{second}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_read_as_people_type_them() {
        for typed in ["7F3K-92QD", "7f3k92qd", " 7F3K 92QD ", "7f3k–92qd", "#7F3K-92QD"] {
            assert_eq!(read(typed).reference.as_deref(), Some("7F3K-92QD"), "{typed}");
        }
        assert_eq!(read("OIL0-1234").reference.as_deref(), Some("0110-1234"));
        for typed in ["", "7F3K-92Q", "7F3K-92QDD", "UUUU-UUUU", "7F3K-92QÉ", "É"] {
            assert_eq!(read(typed).reference, None, "{typed}");
        }
    }

    #[test]
    fn invoices_are_read_as_people_type_them() {
        for typed in ["FA-2026-000123", "fa-2026-000123", "FA–2026–000123", " FA-2026-000 123"] {
            assert_eq!(read(typed).invoice.as_deref(), Some("FA-2026-000123"), "{typed}");
        }
        for typed in ["", "  ", "é", "FA\u{0}", "🖋️"] {
            assert_eq!(read(typed).invoice, None, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_ascii_in_the_end(typed in ".{0,64}") {
            let Named { reference, invoice } = read(&typed);
            prop_assert!(reference.is_none_or(|text| text.is_ascii() && text.len() == 9));
            prop_assert!(invoice.is_none_or(|text| text.is_ascii() && text.len() <= 64));
        }
    }
}
