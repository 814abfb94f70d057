//! Turns a [`Mail`] into a subject, an HTML part and a text part.
//!
//! One template per kind serves both parts: it is written with components (`p`, `button`,
//! `details`...) that exist once as HTML and once as plain text, so the parts cannot say different
//! things. The HTML registry escapes what people typed; the other one does not, because an
//! apostrophe must stay an apostrophe in a subject.
//!
//! A file `templates/emails/<kind>.hbs` holds `subject:`, `preheader:` and `heading:` lines, a line
//! `---`, then a body made only of components, in plain words (no HTML):
//!
//! - `{{> hello}}`, `{{#> p}}...{{/p}}`, `{{#> note}}...{{/note}}`, `{{> quote text=message}}`;
//! - `{{> button label="..." href=(url "/app/..." id) copy=true}}` (`copy` also shows the address);
//! - `{{> withdrawal number=reference}}`, in every mail about an order or an invoice;
//! - `{{#> details}}{{> row label="..." value=(formatPrice amount)}}{{/details}}`;
//! - `{{#> steps}}{{#> step}}...{{/step}}{{/steps}}`;
//! - the mail's own fields, `brand.name`, `brand.site_url`, `brand.support_email`.

use std::sync::LazyLock;

use handlebars::Handlebars;
use serde::Serialize;
use serde_json::{Value, json};
use template::Source;

use crate::{
    events::Category,
    mails::{Mail, TEMPLATES},
    templates,
};

mod helpers;
mod template;

/// Longest subject produced, in characters: enough for any sentence, short enough for any inbox.
const SUBJECT_MAX: usize = 160;
/// Longest preheader produced, in characters: inboxes show less.
const PREHEADER_MAX: usize = 140;
const ADMIN_PREFIX: &str = "[Admin] ";

/// Who the mails come from, as readers see it.
#[derive(Clone, Debug, Serialize)]
pub struct Brand {
    /// Name shown in the header and in sentences.
    pub name: String,
    /// Base of every link, without final slash (`https://livrestaka.fr`).
    pub site_url: String,
    /// Base of links under `/api/` when the API has its own host; the site's otherwise.
    pub api_url: Option<String>,
    /// Address a person answers.
    pub support_email: String,
}

/// A mail ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, without control characters.
    pub subject: String,
    /// What inboxes show beside the subject.
    pub preheader: String,
    /// The HTML part, whole.
    pub html: String,
    /// The plain text part.
    pub text: String,
    /// True when the mail must carry a `List-Unsubscribe` link.
    pub unsubscribable: bool,
}

/// A template that does not parse, misses a variable or builds an impossible link.
///
/// The text names the template and the place, never the data.
#[derive(Clone, Debug, thiserror::Error)]
#[error("mail template {template}: {reason}")]
pub struct RenderError {
    template: String,
    reason: String,
}

impl RenderError {
    fn new(template: &str, reason: impl ToString) -> Self {
        Self { template: template.to_owned(), reason: reason.to_string() }
    }
}

/// The compiled templates. Built once; `render` takes `&self` and no lock.
pub struct Renderer {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
    brand: Value,
    settings_url: String,
}

impl Renderer {
    /// Compiles every template.
    ///
    /// # Errors
    /// A template that does not parse, or a brand whose URLs are not `http(s)://`.
    pub fn new(brand: Brand) -> Result<Self, RenderError> {
        let brand = checked(brand)?;
        // Parsed once in a process; what differs between two brands is added to a copy.
        static COMPILED: LazyLock<Result<Compiled, RenderError>> = LazyLock::new(Compiled::new);
        let Compiled { mut html, mut text } = COMPILED.clone()?;
        helpers::add_links(&mut html, &brand);
        helpers::add_links(&mut text, &brand);
        let settings_url = format!("{}/app/settings", brand.site_url);
        Ok(Self { html, text, settings_url, brand: json!(brand) })
    }

    /// Renders one mail.
    ///
    /// # Errors
    /// A variable the template names and the context lacks, or a path that cannot become a link.
    pub fn render(&self, mail: &Mail) -> Result<Rendered, RenderError> {
        let kind = mail.template();
        let context = self.context(mail)?;
        let line = |part: &str, max| {
            let text = run(&self.text, &format!("{kind}.{part}"), &context)?;
            Ok(template::single_line(&text, max))
        };
        let admin = mail.category() == Category::Admin;
        let subject = line("subject", SUBJECT_MAX)?;
        let subject = if admin { format!("{ADMIN_PREFIX}{subject}") } else { subject };
        let (preheader, heading) = (line("preheader", PREHEADER_MAX)?, line("heading", SUBJECT_MAX)?);
        let page = |body: String| {
            json!({
                "subject": subject,
                "preheader": preheader,
                "heading": heading,
                "body": body,
                "brand": self.brand,
                "admin": admin,
                "unsubscribable": mail.category().unsubscribable(),
                "settings_url": self.settings_url,
            })
        };
        let html = run(&self.html, "layout", &page(run(&self.html, kind, &context)?))?;
        let text = run(&self.text, "layout", &page(run(&self.text, kind, &context)?))?;
        Ok(Rendered {
            subject,
            preheader,
            html,
            text: template::tidy(&text),
            unsubscribable: mail.category().unsubscribable(),
        })
    }

    /// The mail's own fields, plus `brand`.
    fn context(&self, mail: &Mail) -> Result<Value, RenderError> {
        let failed = |reason: &str| RenderError::new(mail.template(), reason);
        let mut wire = serde_json::to_value(mail).map_err(|_| failed("context is not JSON"))?;
        let mut data = wire.get_mut("data").map(Value::take).unwrap_or_default();
        data.as_object_mut()
            .ok_or_else(|| failed("context is not an object"))?
            .insert("brand".to_owned(), self.brand.clone());
        Ok(data)
    }
}

/// Every template, parsed.
#[derive(Clone)]
struct Compiled {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
}

impl Compiled {
    fn new() -> Result<Self, RenderError> {
        let mut compiled = Self { html: templates::html_registry(), text: templates::text_registry() };
        for shared in template::SHARED {
            register(&mut compiled.html, shared.name, shared.html)?;
            register(&mut compiled.text, shared.name, &template::typography(shared.text))?;
        }
        for (kind, source) in TEMPLATES {
            compiled.add(kind, source)?;
        }
        Ok(compiled)
    }

    fn add(&mut self, kind: &str, source: &str) -> Result<(), RenderError> {
        let source = template::typography(source);
        let parts = Source::parse(&source).map_err(|reason| RenderError::new(kind, reason))?;
        register(&mut self.html, kind, parts.body)?;
        register(&mut self.text, kind, parts.body)?;
        register(&mut self.text, &format!("{kind}.subject"), parts.subject)?;
        register(&mut self.text, &format!("{kind}.preheader"), parts.preheader)?;
        register(&mut self.text, &format!("{kind}.heading"), parts.heading)
    }
}

fn checked(mut brand: Brand) -> Result<Brand, RenderError> {
    for url in std::iter::once(&mut brand.site_url).chain(brand.api_url.as_mut()) {
        let trimmed = url.trim().trim_end_matches('/').to_owned();
        if !(trimmed.starts_with("https://") || trimmed.starts_with("http://")) {
            return Err(RenderError::new("brand", "a base URL must start with http:// or https://"));
        }
        *url = trimmed;
    }
    Ok(brand)
}

fn register(registry: &mut Handlebars<'static>, name: &str, source: &str) -> Result<(), RenderError> {
    registry.register_template_string(name, source).map_err(|error| RenderError::new(name, error.reason()))
}

fn run(registry: &Handlebars<'static>, name: &str, context: &Value) -> Result<String, RenderError> {
    registry.render(name, context).map_err(|error| RenderError::new(name, error.reason()))
}
