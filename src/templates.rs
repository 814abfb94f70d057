//! What all templates share, of mails and of pages: strict registries, escaping, and how dates and amounts are written.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Europe::Paris;
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    handlebars_helper, no_escape,
};

use crate::money;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const NO_BREAK: char = '\u{a0}';

/// Strict registry for HTML: values are escaped.
pub fn html_registry() -> Handlebars<'static> {
    let mut registry = common();
    registry.register_escape_fn(escape);
    registry.register_helper("strong", Box::new(html_strong));
    registry.register_helper("lines", Box::new(html_lines));
    registry.register_helper("problem", Box::new(problem));
    registry
}

/// Strict registry for plain text: values come out as typed.
pub fn text_registry() -> Handlebars<'static> {
    let mut registry = common();
    registry.register_escape_fn(no_escape);
    registry.register_helper("strong", Box::new(plain));
    registry.register_helper("lines", Box::new(plain));
    registry
}

fn common() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_helper("formatDate", Box::new(format_date));
    registry.register_helper("formatDay", Box::new(format_day));
    registry.register_helper("formatInstant", Box::new(format_instant));
    registry.register_helper("formatPrice", Box::new(price_helper));
    registry.register_helper("capitalize", Box::new(capitalize));
    registry
}

handlebars_helper!(format_date: |at: DateTime<Utc>| long_date_time(at));
handlebars_helper!(format_day: |at: DateTime<Utc>| long_date(at));
handlebars_helper!(format_instant: |at: DateTime<Utc>| instant(at));
handlebars_helper!(price_helper: |cents: i64| money::french(cents));
handlebars_helper!(capitalize: |text: str| capitalized(text));
handlebars_helper!(problem: |errors: object, name: str| errors.get(name).cloned().unwrap_or_default());
handlebars_helper!(plain: |text: str| text.to_owned());

/// `29 juillet 2025 à 11:08`, Paris time.
pub fn long_date_time(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&Paris);
    format!("{} à {:02}:{:02}", long_date(at), local.hour(), local.minute())
}

/// `29 juillet 2025 à 11:08:05 (heure de Paris)`: when something happened that must be proved.
pub fn instant(at: DateTime<Utc>) -> String {
    format!("{}:{:02} (heure de Paris)", long_date_time(at), at.second())
}

/// `29 juillet 2025`, the day it is in Paris.
pub fn long_date(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&Paris);
    let month = MONTHS.get(local.month0() as usize).copied().unwrap_or_default();
    let day = match local.day() {
        1 => "1er".to_owned(),
        day => day.to_string(),
    };
    format!("{day}{NO_BREAK}{month} {}", local.year())
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Escapes text for element content and for attributes between quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The helper's one parameter, as text.
fn text_param<'a>(h: &'a Helper<'_>, name: &'static str) -> Result<&'a str, RenderError> {
    h.param(0).and_then(|param| param.value().as_str()).ok_or_else(|| {
        RenderErrorReason::ParamTypeMismatchForName(name, "0".to_owned(), "text".to_owned()).into()
    })
}

fn html_strong(
    h: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    out.write(&format!("<strong>{}</strong>", escape(text_param(h, "strong")?)))?;
    Ok(())
}

/// Several lines of what a person typed: escaped, line ends kept.
fn html_lines(
    h: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let lines: Vec<String> = text_param(h, "lines")?.lines().map(escape).collect();
    out.write(&lines.join("<br>\n"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn dates_are_those_of_paris() {
        let summer = Utc.with_ymd_and_hms(2025, 7, 31, 22, 8, 0).single().unwrap();
        assert_eq!(long_date_time(summer), "1er\u{a0}août 2025 à 00:08");
        assert_eq!(
            instant(summer + chrono::Duration::seconds(5)),
            "1er\u{a0}août 2025 à 00:08:05 (heure de Paris)"
        );
    }
}
