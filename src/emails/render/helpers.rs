//! What templates can call: `formatDate`, `formatDay`, `formatPrice`, `capitalize`, `url`, and the
//! two that differ between HTML and text, `strong` and `lines`. (`eq` comes with the engine.)

use super::Brand;
use crate::money;
use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Europe::Paris;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, ScopedJson, handlebars_helper, no_escape,
};

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

/// Strict registry for HTML parts: values are escaped.
pub(super) fn html_registry(brand: &Brand) -> Handlebars<'static> {
    let mut registry = common(brand);
    registry.register_escape_fn(escape);
    registry.register_helper("strong", Box::new(html_strong));
    registry.register_helper("lines", Box::new(html_lines));
    registry
}

/// Strict registry for text parts, subjects and preheaders: values come out as typed.
pub(super) fn text_registry(brand: &Brand) -> Handlebars<'static> {
    let mut registry = common(brand);
    registry.register_escape_fn(no_escape);
    registry.register_helper("strong", Box::new(plain));
    registry.register_helper("lines", Box::new(plain));
    registry
}

fn common(brand: &Brand) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_helper("formatDate", Box::new(format_date));
    registry.register_helper("formatDay", Box::new(format_day));
    registry.register_helper("formatPrice", Box::new(price_helper));
    registry.register_helper("capitalize", Box::new(capitalize));
    registry.register_helper("url", Box::new(UrlHelper::new(brand)));
    registry
}

handlebars_helper!(format_date: |at: DateTime<Utc>| long_date_time(at));
handlebars_helper!(format_day: |at: DateTime<Utc>| long_date(at));
handlebars_helper!(price_helper: |cents: i64| money::french(cents));
handlebars_helper!(capitalize: |text: str| capitalized(text));
handlebars_helper!(plain: |text: str| text.to_owned());

/// `29 juillet 2025 à 11:08`, Paris time.
fn long_date_time(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&Paris);
    format!("{} à {:02}:{:02}", long_date(at), local.hour(), local.minute())
}

/// `29 juillet 2025`, the day it is in Paris.
fn long_date(at: DateTime<Utc>) -> String {
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

/// Escapes text for element content and for attributes between double quotes.
fn escape(text: &str) -> String {
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

/// Absolute link from the parts of a path of the web application, put end to end.
struct UrlHelper {
    site: String,
    api: String,
}

impl UrlHelper {
    fn new(brand: &Brand) -> Self {
        Self {
            site: brand.site_url.clone(),
            api: brand.api_url.clone().unwrap_or_else(|| brand.site_url.clone()),
        }
    }

    /// # Errors
    /// A path that leaves the site (`//host`, a scheme) or holds blanks or controls.
    fn absolute(&self, path: &str) -> Result<String, RenderError> {
        let stays = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        if !stays || path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(RenderErrorReason::Other("url: not a path of the site".to_owned()).into());
        }
        let base = if path.starts_with("/api/") { &self.api } else { &self.site };
        Ok(format!("{base}{path}"))
    }
}

impl HelperDef for UrlHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let mut path = String::new();
        for param in h.params() {
            path.push_str(
                param.value().as_str().ok_or_else(|| {
                    RenderErrorReason::Other("url: a part of the path is missing".to_owned())
                })?,
            );
        }
        Ok(ScopedJson::Derived(self.absolute(&path)?.into()))
    }
}
