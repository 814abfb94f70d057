//! File names: what clients send, what we answer with.

use std::fmt::Write;

use axum::http::HeaderValue;

/// The longest name the database column holds, in characters.
const MAX_CHARS: usize = 255;

/// An extension longer than this is part of the name.
const MAX_EXTENSION: usize = 16;

/// What a file without a usable name is called.
const DEFAULT_STEM: &str = "document";

/// Makes a client's file name safe to store and show: the last path segment, without control characters and
/// text direction overrides, at most 255 characters with its extension kept, never empty.
pub fn clean(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !is_unsafe(*c)).collect();
    let name = visible.trim().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let (stem, extension) = split(name);
    let stem = stem.trim_end();
    let stem = if stem.trim_matches('.').is_empty() { DEFAULT_STEM } else { stem };
    let room = MAX_CHARS - extension.chars().count();
    let short: String = stem.chars().take(room).collect();
    format!("{short}{extension}")
}

/// Control characters, and invisible ones that reorder or hide what is shown (Unicode UAX 9, 2).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFFD}')
}

/// The stem, and the extension with its dot or nothing.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.').map(|at| name.split_at(at)) {
        Some((stem, extension)) if extension.chars().count() <= MAX_EXTENSION => (stem, extension),
        _ => (name, ""),
    }
}

/// `Content-Disposition: attachment` with the name twice (RFC 6266 4.3): a plain ASCII approximation, and the real
/// one in UTF-8 percent-encoding (RFC 8187).
pub fn content_disposition(filename: &str) -> HeaderValue {
    let name = clean(filename);
    let value = format!(
        "attachment; filename=\"{}\"; filename*=UTF-8''{}",
        ascii_fallback(&name),
        percent_encode(&name)
    );
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

fn ascii_fallback(name: &str) -> String {
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

fn percent_encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            // attr-char of RFC 8187
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~' => {
                out.push(char::from(byte));
            }
            // infallible: writing to a String cannot fail
            _ => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_what_people_wrote_and_nothing_else() {
        for (raw, cleaned) in [
            ("L’été à Sète — final.docx", "L’été à Sète — final.docx"),
            ("C:\\Users\\Zoé\\roman.doc", "roman.doc"),
            ("../../etc/passwd", "passwd"),
            ("roman\u{202E}xcod.exe", "romanxcod.exe"),
            ("a\r\nb\0.txt", "ab.txt"),
            ("", "document"),
            ("...", "document"),
            (".docx", "document.docx"),
            ("  roman .docx. ", "roman.docx"),
            ("dir/", "document"),
        ] {
            assert_eq!(clean(raw), cleaned, "{raw:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let cleaned = clean(&format!("{}.docx", "é".repeat(400)));
        assert_eq!(cleaned.chars().count(), 255);
        assert!(cleaned.ends_with("é.docx"));
    }

    #[test]
    fn a_header_carries_both_spellings() {
        assert_eq!(
            content_disposition("L’œuvre \"100 %\".pdf"),
            "attachment; filename=\"L'oeuvre _100 __.pdf\"; filename*=UTF-8''L%E2%80%99%C5%93uvre%20%22100%20%25%22.pdf"
        );
    }

    proptest! {
        #[test]
        fn any_name_makes_a_header_and_cleaning_twice_changes_nothing(raw in any::<String>()) {
            let cleaned = clean(&raw);
            prop_assert!(!cleaned.is_empty() && cleaned.chars().count() <= 255);
            prop_assert_eq!(clean(&cleaned), cleaned);
            prop_assert!(content_disposition(&raw).to_str().unwrap().starts_with("attachment; filename=\""));
        }
    }
}
