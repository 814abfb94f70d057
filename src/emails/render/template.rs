//! The template files: shared components, the head of each mail, French typography, text clean-up.

/// A layout or a component, in its two forms.
pub(super) struct Shared {
    pub(super) name: &'static str,
    pub(super) html: &'static str,
    pub(super) text: &'static str,
}

macro_rules! shared {
    ($($name:literal = $html:literal, $text:literal;)+) => {
        &[$(Shared {
            name: $name,
            html: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/emails/", $html)),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/emails/", $text)),
        },)+]
    };
}

/// Everything the mails are made of. `layout` frames the page; the others are used inside bodies.
pub(super) const SHARED: &[Shared] = shared! {
    "layout" = "layouts/base.hbs", "layouts/text.hbs";
    "p" = "partials/p.hbs", "partials/p.txt.hbs";
    "hello" = "partials/hello.hbs", "partials/hello.txt.hbs";
    "button" = "partials/button.hbs", "partials/button.txt.hbs";
    "details" = "partials/details.hbs", "partials/details.txt.hbs";
    "row" = "partials/row.hbs", "partials/row.txt.hbs";
    "note" = "partials/note.hbs", "partials/note.txt.hbs";
    "quote" = "partials/quote.hbs", "partials/quote.txt.hbs";
    "steps" = "partials/steps.hbs", "partials/steps.txt.hbs";
    "step" = "partials/step.hbs", "partials/step.txt.hbs";
    "withdrawal" = "partials/withdrawal.hbs", "partials/withdrawal.txt.hbs";
};

/// A mail's file: three `key: value` lines, a line of three dashes, the body.
pub(super) struct Source<'a> {
    pub(super) subject: &'a str,
    pub(super) preheader: &'a str,
    pub(super) heading: &'a str,
    pub(super) body: &'a str,
}

impl<'a> Source<'a> {
    /// # Errors
    /// The missing line, as a sentence.
    pub(super) fn parse(source: &'a str) -> Result<Self, String> {
        let (head, body) = source.split_once("\n---\n").ok_or("no line of three dashes after the head")?;
        let field = |key: &str| {
            head.lines()
                .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("no line `{key}: ...` in the head"))
        };
        Ok(Self {
            subject: field("subject")?,
            preheader: field("preheader")?,
            heading: field("heading")?,
            body,
        })
    }
}

/// Replaces the spaces French typography wants unbreakable, so that files hold ordinary spaces.
///
/// Applied to sources, never to what people typed. The head keys (`subject:`) have no space before
/// their colon, so they stay readable.
pub(super) fn typography(source: &str) -> String {
    const RULES: &[(&str, &str)] = &[
        (" :", "\u{a0}:"),
        (" ;", "\u{a0};"),
        (" !", "\u{a0}!"),
        (" ?", "\u{a0}?"),
        (" »", "\u{a0}»"),
        ("« ", "«\u{a0}"),
        (" €", "\u{a0}€"),
        (" %", "\u{a0}%"),
    ];
    RULES.iter().fold(source.to_owned(), |text, (plain, fixed)| text.replace(plain, fixed))
}

/// One line of at most `max` characters: control characters and runs of blanks become one space,
/// so no value can start a new header; a cut ends with an ellipsis.
pub(super) fn single_line(text: &str, max: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    // Only plain blanks are merged: no-break spaces are part of the typography.
    let line = spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    let cut: String = line.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Cleans the text part: no blanks around lines, at most one empty line in a row and none between
/// the items of a list.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = "";
    let mut gap = false;
    for line in text.lines() {
        // The signature mark of RFC 3676 section 4.3 is "-- ", space included.
        let line = if line == "-- " { line } else { line.trim() };
        if line.is_empty() {
            gap = !last.is_empty();
            continue;
        }
        let inside_list = last.starts_with("- ") && line.starts_with("- ");
        if gap && !inside_list {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        (last, gap) = (line, false);
    }
    out
}
