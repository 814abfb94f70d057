//! Which characters reach an XML file or a page.

/// Text for an XML 1.0 element: characters the standard forbids (and other control characters) are dropped,
/// markup is escaped.
pub(super) fn xml_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_noncharacter(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// One line of text: runs of white space become one space, control characters go.
pub(super) fn one_line(text: &str) -> String {
    let keep = |c: &char| c.is_whitespace() || !(c.is_control() || is_noncharacter(*c));
    let spaced: String = text.chars().filter(keep).collect();
    spaced.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text for a page, as paragraphs: line ends kept, tabs as spaces, everything without a shape of its own dropped.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let unified = text.replace("\r\n", "\n");
    unified.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).map(visible).collect()
}

/// At most this many accents stack on one letter: more would climb over the lines above.
const MAX_STACKED_MARKS: usize = 2;

fn visible(paragraph: &str) -> String {
    let mut out = String::with_capacity(paragraph.len());
    let mut marks = 0;
    let mut previous = ' ';
    for c in paragraph.chars() {
        if c == '\t' {
            out.push(' ');
        } else if !is_invisible(c, previous) {
            marks = if is_stacking_mark(c) { marks + 1 } else { 0 };
            if marks <= MAX_STACKED_MARKS {
                out.push(c);
            }
        }
        previous = c;
    }
    out.truncate(out.trim_end_matches(' ').len());
    french_spaces(&out)
}

/// A guillemet or a high punctuation mark never stands alone at the end or the start of a line.
fn french_spaces(text: &str) -> String {
    let mut out = text.replace("« ", "«\u{a0}");
    for mark in ["»", ":", ";", "!", "?", "€", "%"] {
        out = out.replace(&format!(" {mark}"), &format!("\u{a0}{mark}"));
    }
    out
}

/// Controls, direction overrides (they could reverse an amount), variation selectors and joiners. Joiners stay
/// between the letters that need them (Arabic, Indic scripts).
fn is_invisible(c: char, previous: char) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' => !matches!(previous, '\u{600}'..='\u{dff}'),
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control(),
    }
}

/// Marks drawn above or below the letter before them.
pub(super) fn is_stacking_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Code points that are never characters; XML 1.0 forbids two of them and no font draws any.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_text_drops_what_xml_forbids_and_escapes_the_rest() {
        assert_eq!(
            xml_text("a\u{0}\u{b}<b> & \"c\"\u{fffe}\u{1f600}"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{1f600}"
        );
    }

    #[test]
    fn a_page_gets_no_control_no_override_and_no_tower_of_accents() {
        assert_eq!(paragraphs("a\tb\r\nc\u{202e}d\u{0}"), ["a b", "cd"]);
        assert_eq!(paragraphs("« a » !"), ["«\u{a0}a\u{a0}»\u{a0}!"]);
        assert_eq!(paragraphs("e\u{301}\u{302}\u{303}\u{304}x"), ["e\u{301}\u{302}x"]);
    }
}
