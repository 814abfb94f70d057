//! Small pages of our own for people who follow the link of a mail: the web application has none for them.
//!
//! `GET` shows a page with a button or a form, because scanners of incoming mail open every link; `POST` does it.
//! No page needs a script.
//!
//! A page is a template of `templates/pages/` inside `layout`: `{{#> layout title="Vos échanges"}}...{{/layout}}`. It is made
//! of plain HTML and of the parts in `templates/pages/partials/`: `field`, `area`, `choice`, `check`, `files`, `trap` in a form,
//! `fact` in a `<dl>`. To add one: the file, a line in [`TEMPLATES`], a context that is `Serialize`, and [`Page::of`].

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use handlebars::Handlebars;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use crate::templates;

/// A file of `templates/pages/`, under its name.
macro_rules! file {
    ($name:literal, $path:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/", $path)))
    };
    ($name:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/", $name, ".hbs")))
    };
}

const SHARED: &[(&str, &str)] = &[
    file!("style", "style.css"),
    file!("layout", "layout.hbs"),
    file!("field", "partials/field.hbs"),
    file!("area", "partials/area.hbs"),
    file!("choice", "partials/choice.hbs"),
    file!("check", "partials/check.hbs"),
    file!("files", "partials/files.hbs"),
    file!("trap", "partials/trap.hbs"),
    file!("error", "partials/error.hbs"),
    file!("fact", "partials/fact.hbs"),
    file!("declaration", "partials/declaration.hbs"),
];

/// The pages there are, by name.
const TEMPLATES: &[(&str, &str)] =
    &[file!("message"), file!("conversation"), file!("rendez-vous"), file!("retractation")];

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

static ENGINE: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut engine = templates::html_registry();
    for (name, source) in SHARED.iter().chain(TEMPLATES) {
        if let Err(error) = engine.register_template_string(name, source) {
            tracing::error!(page = name, %error, "a page cannot be shown");
        }
    }
    engine
});

/// What a page shows. Every text is escaped.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    template: &'static str,
    context: Map<String, Value>,
    leaves: bool,
}

impl Page {
    /// A page with a title and one paragraph.
    pub fn new(title: &str, text: &str) -> Self {
        Self::of("message", &json!({"title": title, "text": text, "button": null}))
    }

    /// The page of a template, about what `context` says. The context must be an object; its `refusal` and `errors` are ours.
    pub fn of(template: &'static str, context: &impl Serialize) -> Self {
        let mut fields = match serde_json::to_value(context) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        fields.insert("refusal".to_owned(), Value::Null);
        fields.insert("errors".to_owned(), json!({}));
        Self { status: StatusCode::OK, template, context: fields, leaves: false }
    }

    /// The page of a link that is not ours, or not good any more.
    pub fn unknown(text: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::new("Ce lien n’est plus valable", text) }
    }

    /// The page of a refusal.
    pub fn refused(error: &ApiError) -> Self {
        Self {
            status: error.status(), ..Self::new("Ce n’est pas possible pour le moment", error.message())
        }
    }

    /// The page with a refusal above its form, and beside the fields it is about.
    #[must_use]
    pub fn refusing(mut self, error: &ApiError) -> Self {
        self.status = error.status();
        self.context.insert("refusal".to_owned(), error.message().into());
        let errors: Map<String, Value> =
            error.fields().map(|(field, message)| (field.to_owned(), message.into())).collect();
        self.context.insert("errors".to_owned(), errors.into());
        self
    }

    /// A button that posts to the page's own address, under one paragraph.
    #[must_use]
    pub fn button(mut self, label: &str) -> Self {
        self.context.insert("button".to_owned(), label.into());
        self
    }

    /// Lets the answer of the button lead to another site.
    #[must_use]
    pub fn leading_elsewhere(self) -> Self {
        Self { leaves: true, ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = match ENGINE.render(self.template, &self.context) {
            Ok(html) => html,
            // The error names the place in the template, never the data.
            Err(error) => {
                return ApiError::internal(anyhow::anyhow!("page: {}", error.reason())).into_response();
            }
        };
        // `form-action` binds what follows a form, too.
        let policy = if self.leaves { POLICY.to_owned() } else { format!("{POLICY}; form-action 'self'") };
        let mut response = (self.status, Html(html)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        for (name, _) in SHARED.iter().chain(TEMPLATES) {
            assert!(ENGINE.has_template(name), "{name}");
        }
    }

    /// A form of every part there is, with and without what may be left out.
    const FORM: &str = r#"{{#> layout title=title}}<form>{{> field name="email" label="Adresse" type="email" required=true}}
        {{> field name="note" label="Note" type="text" hint="Courte" value=note max="20"}}{{> area name="texte" label="Texte" value=note}}
        {{> choice name="heure" label="Heure" options=hours}}{{> check name="oui" label="Oui"}}{{> files name="files" label="Documents"}}
        {{> trap name="website"}}<dl>{{> fact label="Nom" value=note}}</dl></form>{{/layout}}"#;

    #[test]
    fn forms_escape_what_they_show_and_tell_what_is_wrong() {
        let page = Page::of(
            "message",
            &json!({"title": "T", "button": null, "text": "", "note": "<a> & \"{{b}}\"", "hours": [{"value": "9", "label": "9 h", "chosen": true}]}),
        );
        let fine = ENGINE.render_template(FORM, &page.context).unwrap();
        assert!(fine.contains("&lt;a&gt; &amp; &quot;{{b}}&quot;"), "{fine}");
        assert!(!fine.contains("aria-invalid="), "{fine}");
        assert!(
            fine.contains(r#"<option value="9" selected>9 h</option>"#),
            "the option's own label: {fine}"
        );
        let refused = page.refusing(&ApiError::invalid_field("email", "Adresse invalide"));
        let wrong = ENGINE.render_template(FORM, &refused.context).unwrap();
        assert!(
            wrong.contains(r#"aria-describedby="email-error""#) && wrong.contains("Adresse invalide"),
            "{wrong}"
        );
        assert_eq!(wrong.matches("aria-invalid=").count(), 1, "{wrong}");
    }
}
