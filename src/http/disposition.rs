//! `Content-Disposition` of every file we answer with.

use axum::http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the `attr-char` of RFC 8187, section 3.2.1.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The browser saves the answer as a file of this name.
pub fn attachment(filename: &str) -> HeaderValue {
    named("attachment", filename)
}

/// The browser may show the answer; saved, it has this name.
pub fn inline(filename: &str) -> HeaderValue {
    named("inline", filename)
}

/// The name twice (RFC 6266, section 4.3): a plain ASCII approximation, and the real one in UTF-8, percent-encoded
/// (RFC 8187).
fn named(disposition: &'static str, filename: &str) -> HeaderValue {
    let value = format!(
        "{disposition}; filename=\"{}\"; filename*=UTF-8''{}",
        approximation(filename),
        utf8_percent_encode(filename, ENCODED)
    );
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static(disposition))
}

fn approximation(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            // Quotes end the string, and browsers disagree about backslashes and percents in it.
            '"' | '\\' | '%' => out.push('_'),
            ' '..='~' => out.push(c),
            _ => out.push_str(unaccented(c)),
        }
    }
    out
}

/// The letters of French, and the typography word processors put in titles.
fn unaccented(c: char) -> &'static str {
    match c {
        'à' | 'â' | 'ä' | 'á' => "a",
        'À' | 'Â' | 'Ä' | 'Á' => "A",
        'ç' => "c",
        'Ç' => "C",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'É' | 'È' | 'Ê' | 'Ë' => "E",
        'î' | 'ï' | 'í' => "i",
        'Î' | 'Ï' | 'Í' => "I",
        'ô' | 'ö' | 'ó' => "o",
        'Ô' | 'Ö' | 'Ó' => "O",
        'ù' | 'û' | 'ü' | 'ú' => "u",
        'Ù' | 'Û' | 'Ü' | 'Ú' => "U",
        'ÿ' => "y",
        'ñ' => "n",
        'œ' => "oe",
        'Œ' => "OE",
        'æ' => "ae",
        'Æ' => "AE",
        '’' | '‘' => "'",
        '–' | '—' => "-",
        '\u{A0}' | '\u{202F}' => " ",
        // The mark of a decomposed accent: its letter came before it.
        '\u{300}'..='\u{36F}' => "",
        _ => "_",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_carries_both_spellings() {
        assert_eq!(
            attachment("L’œuvre \"100 %\".pdf"),
            "attachment; filename=\"L'oeuvre _100 __.pdf\"; filename*=UTF-8''L%E2%80%99%C5%93uvre%20%22100%20%25%22.pdf"
        );
        assert_eq!(inline("a'b.png"), "inline; filename=\"a'b.png\"; filename*=UTF-8''a%27b.png");
    }

    proptest! {
        #[test]
        fn any_name_makes_a_header_of_one_name(raw in any::<String>()) {
            let header = attachment(&raw);
            let value = header.to_str().unwrap();
            prop_assert!(value.starts_with("attachment; filename=\""));
            prop_assert_eq!(value.matches('"').count(), 2);
        }
    }
}
