//! The newsletter: asked for, confirmed by the link of a mail, and left by another one.
//!
//! Links are signed and name their subscriber, so that a mail sent twice carries the same one. `GET` shows a page with a
//! button, because scanners of incoming mail open every link; `POST` does it, also the one-click form of RFC 8058.

mod store;

use axum::{Json, extract::State};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use self::store::{Status, Subscriber};
use super::{
    desk::{Counter, Received, is_trapped},
    receipts::{self, Admission, Form, Incoming},
    told::{NewsletterAsked, NewsletterJoined},
};
use crate::{
    app::AppState,
    checkout::Fields,
    db::with_retry,
    events,
    http::{ApiJson, ApiPath, ApiResult, ClientIp, ErrorBody, Problems, page::Page},
};

pub use store::forget_unconfirmed;

/// What the tokens of the links permit.
const CONFIRM: &str = "newsletter-confirm";
const LEAVE: &str = "newsletter-leave";

/// How long a subscription waits to be confirmed.
const PATIENCE: TimeDelta = TimeDelta::days(7);

const RECEIVED: &str =
    "Presque terminé : confirmez votre inscription par le lien que nous venons de vous envoyer par e-mail.";

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(subscribe))
        .routes(routes!(ask_to_confirm, confirm))
        .routes(routes!(ask_to_leave, leave))
}

/// The path of the page that confirms a subscription.
pub fn confirm_path(state: &AppState, id: Uuid) -> String {
    format!("/api/public/newsletter/confirm/{}", state.links.ticket(CONFIRM, id))
}

/// The path of the page that ends a subscription, which is its one-click link too.
pub fn leave_path(state: &AppState, id: Uuid) -> String {
    format!("/api/public/newsletter/leave/{}", state.links.ticket(LEAVE, id))
}

/// Who wants the newsletter.
#[derive(Deserialize, Validate, ToSchema)]
struct NewsletterForm {
    #[schema(required, format = Email, max_length = 255)]
    email: Option<String>,
    /// Left empty by people.
    #[schema(max_length = 200)]
    website: Option<String>,
}

/// Asks for the newsletter: a mail asks to confirm it. The answer never says whether the address has it already. Limited
/// per address; a form that is not in order counts as nothing.
#[utoipa::path(post, path = "/public/newsletter", tag = "Public site", request_body = NewsletterForm,
    responses((status = 200, body = Received), (status = 400, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn subscribe(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    ApiJson(form): ApiJson<NewsletterForm>,
) -> ApiResult<Json<Received>> {
    let trapped = is_trapped(form.website.as_deref());
    let counter = Counter::count(&state, ip, "newsletter")?;
    let email = counter.unless_refused(judged(form))?;
    if !trapped {
        with_retry(|| ask(&state, &email)).await?;
    }
    Ok(Json(Received::new(RECEIVED)))
}

fn judged(form: NewsletterForm) -> ApiResult<String> {
    let mut problems = Problems::default();
    let email = Fields::of([("email", form.email)]).email("email", &mut problems);
    problems.finish()?;
    Ok(email)
}

/// Notes who wants the newsletter and asks them to confirm it, unless they have it or were asked a moment ago.
async fn ask(state: &AppState, email: &str) -> Result<(), sqlx::Error> {
    let mut tx = state.begin().await?;
    let now = tx.now();
    let incoming = Incoming { form: Form::Newsletter, email, content: json!(null), bytes: 0 };
    let admission = receipts::admit(&mut tx, &state.config.mail, &incoming).await?;
    if let Admission::Fresh { acknowledge: true } = admission
        && let Some(id) = store::ask(&mut tx, email, now, now + PATIENCE).await?
    {
        events::record(&mut tx, NewsletterAsked { id, email: email.to_owned(), at: now }).await?;
    }
    tx.commit().await
}

/// A page that asks to confirm a subscription. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/newsletter/confirm/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "A page with a button, or that says it is done", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or has expired", content_type = "text/html")))]
async fn ask_to_confirm(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    let found = find(&state, CONFIRM, &token).await?;
    Ok(match found.map(|found| found.standing(&state)) {
        Some(Standing::Joined) => joined(),
        Some(Standing::Asked) => {
            let text =
                "Vous recevrez notre lettre à cette adresse, et pourrez la quitter à tout moment en un clic.";
            Page::new("Confirmer votre inscription", text).button("Confirmer mon inscription")
        }
        Some(Standing::Over) | None => expired(),
    })
}

/// Confirms a subscription.
#[utoipa::path(post, path = "/public/newsletter/confirm/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "Done, now or before", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or has expired", content_type = "text/html")))]
async fn confirm(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    let Some(id) = state.links.ticket_holder(CONFIRM, &token) else { return Ok(expired()) };
    match with_retry(|| join(&state, id)).await? {
        true => Ok(joined()),
        false => Ok(expired()),
    }
}

/// Whether someone has the newsletter now.
async fn join(state: &AppState, id: Uuid) -> Result<bool, sqlx::Error> {
    let mut tx = state.begin().await?;
    let now = tx.now();
    let Some(found) = store::lock(&mut tx, id).await? else { return Ok(false) };
    match found.standing(state) {
        Standing::Joined => return Ok(true),
        Standing::Over => return Ok(false),
        Standing::Asked => {}
    }
    store::join(&mut tx, id, now).await?;
    events::record(&mut tx, NewsletterJoined { id, email: found.email, at: now }).await?;
    tx.commit().await?;
    Ok(true)
}

/// A page that asks whether the newsletter shall stop. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/newsletter/leave/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "A page with a button, or that says it is done", content_type = "text/html"),
              (status = 404, description = "The link is not ours", content_type = "text/html")))]
async fn ask_to_leave(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    Ok(match find(&state, LEAVE, &token).await? {
        None => unknown(),
        Some(found) if found.status == Status::Unsubscribed => left(),
        Some(_) => {
            let text = "Vous ne recevrez plus notre lettre à cette adresse.";
            Page::new("Quitter notre lettre", text).button("Ne plus recevoir la lettre")
        }
    })
}

/// Ends a subscription; also the one-click form of RFC 8058.
#[utoipa::path(post, path = "/public/newsletter/leave/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "Done, now or before", content_type = "text/html"),
              (status = 404, description = "The link is not ours", content_type = "text/html")))]
async fn leave(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    let Some(found) = find(&state, LEAVE, &token).await? else { return Ok(unknown()) };
    let now = state.clock.now();
    let mut conn = state.db.conn().await?;
    store::leave(&mut conn, found.id, now).await?;
    Ok(left())
}

async fn find(state: &AppState, purpose: &str, token: &str) -> ApiResult<Option<Subscriber>> {
    let Some(id) = state.links.ticket_holder(purpose, token) else { return Ok(None) };
    let mut conn = state.db.conn().await?;
    let found = store::find(&mut conn, id).await?;
    conn.release();
    Ok(found)
}

/// Where a subscription stands for the link that confirms it.
enum Standing {
    /// It waits to be confirmed.
    Asked,
    /// It is confirmed.
    Joined,
    /// It was ended, or waited too long.
    Over,
}

impl Subscriber {
    fn standing(&self, state: &AppState) -> Standing {
        match self.status {
            Status::Confirmed => Standing::Joined,
            Status::Pending if self.expires_at.is_some_and(|end| state.clock.now() < end) => Standing::Asked,
            Status::Pending | Status::Unsubscribed => Standing::Over,
        }
    }
}

fn joined() -> Page {
    let text =
        "Merci ! Votre inscription est confirmée. Un e-mail vous le rappelle, avec le lien pour la quitter.";
    Page::new("Votre inscription est confirmée", text)
}

fn left() -> Page {
    let text = "C’est fait : vous ne recevrez plus notre lettre. Vous pouvez vous réinscrire à tout moment sur notre site.";
    Page::new("Vous êtes désinscrit", text)
}

fn expired() -> Page {
    Page::unknown("Inscrivez-vous de nouveau sur notre site pour recevoir un nouveau lien.")
}

fn unknown() -> Page {
    Page::unknown("Écrivez-nous si vous recevez encore notre lettre : nous vous désinscrirons.")
}
