//! The outbox as administrators see it: what waits, what left, what was given up, and what each mail says.

pub mod store;

use serde_json::{Value, json};
use uuid::Uuid;

use self::store::{Filter, StoredMail};
use super::{
    render::{Rendered, Renderer},
    worker,
};
use crate::{
    app::AppState,
    audit::{self, acts},
    events::Hint,
    http::{
        ApiError, ApiResult, Page,
        list::{Listing, Tally},
    },
    mails::Mail,
};

/// Fields that hold a secret link once a mail is on its way.
const SECRETS: [&str; 7] =
    ["activation_path", "confirm_path", "export_path", "leave_path", "page_path", "reset_path", "retry_path"];

/// What a preview has in the place of a secret link.
const MASK: &str = "/lien-masque";

/// A page of the outbox, the newest first, and how many mails stand where.
///
/// # Errors
/// When the database refuses.
pub async fn list(state: &AppState, filter: &Filter, page: Page) -> ApiResult<(Listing<StoredMail>, Tally)> {
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("outbox", filter, page, rows, count).await?;
    let counts = state.totals.tally("outbox", store::by_status(&mut conn)).await?;
    conn.release();
    Ok((listing, counts))
}

/// A mail, and what its reader sees, or saw.
pub struct Preview {
    /// Its row.
    pub mail: StoredMail,
    /// Its parts, secret links masked; nothing for what this release cannot read.
    pub rendered: Option<Rendered>,
    /// What its attachments are called.
    pub attachments: Vec<String>,
}

/// What a mail says. Who looked is on record: a mail speaks of people.
///
/// # Errors
/// 404 without such a mail.
pub async fn preview(state: &AppState, admin: &str, id: Uuid) -> ApiResult<Preview> {
    let mut conn = state.db.conn().await?;
    let mail = store::one(&mut conn, id).await?.ok_or_else(unknown)?;
    let content = store::content(&mut conn, id).await?.ok_or_else(unknown)?;
    conn.release();
    audit::record_alone(state, acts::EMAIL_ACCESSED, admin, id, json!({ "template": mail.template })).await?;
    let attachments = content.attachments.iter().filter_map(Value::as_array).flatten();
    let names = attachments.filter_map(|file| Some(file.get("filename")?.as_str()?.to_owned()));
    Ok(Preview { rendered: rendered(state, id, content.payload), attachments: names.collect(), mail })
}

fn rendered(state: &AppState, id: Uuid, payload: Value) -> Option<Rendered> {
    let read = serde_json::from_value::<Mail>(masked(payload)).map_err(|error| error.to_string());
    let renderer = Renderer::new(worker::brand(state)).map_err(|error| error.to_string());
    let rendered = read.and_then(|mail| renderer?.render(&mail).map_err(|error| error.to_string()));
    rendered.inspect_err(|error| tracing::warn!(mail = %id, error, "a stored mail cannot be shown")).ok()
}

/// The stored form of a mail without its secret links.
fn masked(mut payload: Value) -> Value {
    if let Some(fields) = payload.get_mut("data").and_then(Value::as_object_mut) {
        for (_, value) in fields.iter_mut().filter(|(name, _)| SECRETS.contains(&name.as_str())) {
            *value = MASK.into();
        }
    }
    payload
}

/// Queues a mail again that was given up.
///
/// # Errors
/// 404 without such a mail, 409 `NOT_DEAD` for one that waits or has left.
pub async fn retry(state: &AppState, admin: &str, id: Uuid) -> ApiResult<StoredMail> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let mail = store::lock(&mut tx, id).await?.ok_or_else(unknown)?;
    if !store::revive(&mut tx, id, now).await? {
        return Err(ApiError::conflict("NOT_DEAD", "Seul un mail abandonné peut être relancé."));
    }
    let details = json!({ "template": mail.template, "attempts": mail.attempts });
    audit::record(&mut tx, acts::EMAIL_RETRIED, admin, id, details).await?;
    tx.hint(Hint::Outbox);
    let mail = store::one(&mut tx, id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(mail)
}

fn unknown() -> ApiError {
    ApiError::not_found("Ce mail n’existe pas.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emails::render::Brand;

    #[test]
    fn no_preview_shows_a_secret() {
        let brand = Brand {
            name: "Staka".into(),
            site_url: "https://livres.test".into(),
            api_url: None,
            support_email: "aide@livres.test".into(),
        };
        let renderer = Renderer::new(brand).unwrap();
        let mut masks = 0;
        for sample in Mail::samples() {
            let stored = serde_json::to_value(&sample).unwrap();
            let mail: Mail = serde_json::from_value(masked(stored)).unwrap();
            let shown = renderer.render(&mail).unwrap();
            for part in [&shown.html, &shown.text, &shown.subject, &shown.preheader] {
                // The secret of every sample.
                assert!(!part.contains("q3Jv9xYdWmT0c1aZ7LrKfUuE5nHb2sPo4iGyXtRkVeA"), "{}", mail.template());
            }
            masks += usize::from(shown.text.contains(MASK));
        }
        assert!(masks >= 10, "{masks}");
    }
}
