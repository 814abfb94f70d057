//! Small pages of our own for people who follow the link of a mail: the web application has none for them.
//!
//! `GET` shows a page with a button, because scanners of incoming mail open every link; `POST` does it.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::error::ApiError;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/page.html"));
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// What a page shows. Every text is escaped.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    title: String,
    text: String,
    action: String,
    leaves: bool,
}

impl Page {
    /// A page with a title and one paragraph.
    pub fn new(title: &str, text: &str) -> Self {
        let (title, text) = (escaped(title), escaped(text));
        Self { status: StatusCode::OK, title, text, action: String::new(), leaves: false }
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

    /// A button that posts to the page's own address.
    #[must_use]
    pub fn button(self, label: &str) -> Self {
        Self { action: format!(r#"<form method="post"><button>{}</button></form>"#, escaped(label)), ..self }
    }

    /// Lets the answer of the button lead to another site.
    #[must_use]
    pub fn leading_elsewhere(self) -> Self {
        Self { leaves: true, ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = PAGE
            .replace("{{title}}", &self.title)
            .replace("{{action}}", &self.action)
            .replace("{{text}}", &self.text);
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

/// Escapes text for element content and for attributes between double quotes; braces too, so that no text is taken for
/// a place of the template.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '{' => out.push_str("&#123;"),
            c => out.push(c),
        }
    }
    out
}
