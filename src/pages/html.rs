//! Content of pages, harmless for whoever shows it.

use std::borrow::Cow;

/// The content without anything that could run or deceive: no script, no handler, no frame, no form. Plain text, which
/// most pages are, stays as it was written: the web application escapes it itself.
pub fn harmless(content: &str) -> Cow<'_, str> {
    match has_markup(content) {
        true => Cow::Owned(ammonia::clean(content)),
        false => Cow::Borrowed(content),
    }
}

/// Whether a browser would find a tag, a comment or a declaration: `<` alone is text.
fn has_markup(content: &str) -> bool {
    content
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'<', next] if next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_stays_as_it_was_written() {
        for text in ["1. Prix & délais :\n\nDe 3 < 5 à « 7 > 6 ».", "", "<", "a <3 b", "&lt;script&gt;"] {
            assert_eq!(harmless(text), text);
        }
    }

    #[test]
    fn html_keeps_what_is_read_and_loses_what_runs() {
        for (html, kept) in [
            ("<h2>Objet</h2><p onclick=\"x()\">Un <b>texte</b></p>", "<h2>Objet</h2><p>Un <b>texte</b></p>"),
            ("a<script>alert(1)</script>b", "ab"),
            ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
            ("<svg/onload=alert(1)>", ""),
            ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer\">x</a>"),
            ("<iframe src=//x></iframe><form action=//x><input></form>", ""),
            ("<!--x--><style>*{}</style>", ""),
            ("a < b <i>c", "a &lt; b <i>c</i>"),
        ] {
            assert_eq!(harmless(html), kept, "{html}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_runs_is_left_of_anything(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("<script>".to_owned()), Just("</script>".to_owned()), Just("<svg".to_owned()),
                    Just(" onload=x".to_owned()), Just("<style>".to_owned()), Just("<math><mi>".to_owned()),
                    Just("<p>".to_owned()), Just("\">".to_owned()), Just("<!--".to_owned()), Just("-->".to_owned()),
                    Just("<template>".to_owned()), Just("<noscript>".to_owned()), Just("<a href='javascript:x'>".to_owned()),
                    "[a-z<>/ =\"'&]{0,12}",
                ],
                0..12,
            )
        ) {
            let content = parts.concat();
            let shown = harmless(&content).to_lowercase();
            prop_assert!(!shown.contains("<script") && !shown.contains("<svg") && !shown.contains("<style"), "{shown}");
            prop_assert!(!shown.contains("<iframe") && !shown.contains("href=\"javascript"), "{shown}");
            // Once harmless, always harmless: nothing comes alive by being read again.
            prop_assert_eq!(harmless(&shown).to_lowercase(), shown);
        }
    }
}
