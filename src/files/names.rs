//! File names as clients send them, made safe to keep and to show.

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

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(raw in any::<String>()) {
            let cleaned = clean(&raw);
            prop_assert!(!cleaned.is_empty() && cleaned.chars().count() <= 255);
            prop_assert_eq!(clean(&cleaned), cleaned);
        }
    }
}
