//! What the gallery shows.

use serde::Serialize;
use serde_json::json;

use super::Scheme;
use crate::{
    app::AppState,
    emails::{
        render::{Rendered, Renderer},
        transport::Outgoing,
        unsubscribe,
        worker::{brand, sender},
    },
    events::Category,
    http::{ApiError, ApiResult},
    mails::Mail,
    templates,
};

const TEMPLATE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/dev/emails.hbs"));

/// A kind in the list.
#[derive(Serialize)]
struct Kind {
    name: &'static str,
    current: bool,
}

/// An example, with what a frame does not show.
#[derive(Serialize)]
struct Example {
    number: usize,
    path: String,
    subject: String,
    preheader: String,
    headers: String,
    text: String,
    html: String,
}

/// The page: all kinds, for people and for the team, and the examples of one.
pub(super) fn gallery(state: &AppState, all: &[Mail], kind: &'static str) -> ApiResult<String> {
    let renderer = renderer(state)?;
    let mails = all.iter().filter(|mail| mail.template() == kind);
    let examples =
        mails.enumerate().map(|(n, mail)| Ok(example_of(state, mail, n, render(&renderer, mail)?)));
    let examples = examples.collect::<ApiResult<Vec<_>>>()?;
    let names = |team: bool| {
        let mut names: Vec<_> = all
            .iter()
            .filter(|mail| (mail.category() == Category::Admin) == team)
            .map(Mail::template)
            .collect();
        names.dedup();
        names.into_iter().map(|name| Kind { name, current: name == kind }).collect::<Vec<_>>()
    };
    let category = all.iter().find(|mail| mail.template() == kind).map(Mail::category);
    let context = json!({
        "kind": kind,
        "category": category.map_or("", refusal),
        "people": names(false),
        "team": names(true),
        "examples": examples,
    });
    templates::html_registry().render_template(TEMPLATE, &context).map_err(ApiError::internal)
}

/// How readers are rid of a mail.
fn refusal(category: Category) -> &'static str {
    match category {
        Category::Transactional => "part toujours (transactionnel)",
        Category::Admin => "part toujours (équipe)",
        Category::General => "préférence notifications.email",
        Category::Projects => "préférence notificationTypes.projects",
        Category::Messages => "préférence notificationTypes.messages",
        Category::Invoices => "préférence notificationTypes.invoices",
        Category::Promos => "préférence notificationTypes.promos, à choisir",
    }
}

/// The HTML part, as it looks to whoever prefers this.
pub(super) fn example(state: &AppState, mail: &Mail, scheme: Scheme) -> ApiResult<String> {
    let html = render(&renderer(state)?, mail)?.html;
    // A frame has the preferences of the browser: what asks for them is told the answer.
    let (only, dark) = match scheme {
        Scheme::Light => ("light", "not all"),
        Scheme::Dark => ("dark", "all"),
    };
    Ok(html.replace("(prefers-color-scheme: dark)", dark).replace("light dark", only))
}

fn example_of(state: &AppState, mail: &Mail, number: usize, rendered: Rendered) -> Example {
    let Rendered { subject, preheader, html, text, unsubscribable } = rendered;
    let outgoing = Outgoing {
        message_id: "<exemple@staka.invalid>".to_owned(),
        to: "destinataire@example.com".to_owned(),
        to_name: Some("Éloïse d’Aubigné".to_owned()),
        subject: subject.clone(),
        html: html.clone(),
        text: text.clone(),
        attachments: vec![],
        unsubscribe_url: unsubscribable.then(|| unsubscribe::url(state, uuid::Uuid::nil())),
        template: mail.template().to_owned(),
    };
    let headers = match outgoing.message(&sender(state), state.clock.now()) {
        Ok(message) => message.headers().to_string(),
        Err(error) => error.to_string(),
    };
    let path = format!("/dev/emails/{}/{number}", mail.template());
    Example { number: number + 1, path, subject, preheader, headers, text, html }
}

fn renderer(state: &AppState) -> ApiResult<Renderer> {
    Renderer::new(brand(state)).map_err(ApiError::internal)
}

fn render(renderer: &Renderer, mail: &Mail) -> ApiResult<Rendered> {
    renderer.render(mail).map_err(ApiError::internal)
}
