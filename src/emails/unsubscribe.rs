//! The way out of the mails one may refuse: the link of their `List-Unsubscribe` header.
//!
//! `GET` only shows a page with a button, because scanners of incoming mail open every link; `POST`
//! does it, from that button or directly from the mail program (one click, RFC 8058).

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    app::AppState,
    http::{ApiPath, ApiResult, page::Page},
    users,
};

/// `GET` and `POST /public/unsubscribe/{userId}/{token}`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ask, unsubscribe))
}

/// The absolute one-click link of an account.
pub fn url(state: &AppState, user_id: Uuid) -> String {
    let seal = state.links.seal(&subject(user_id));
    format!("{}/api/public/unsubscribe/{user_id}/{seal}", state.config.api_url)
}

/// The parts of the link.
type Link = ApiPath<(Uuid, String)>;

fn subject(user_id: Uuid) -> String {
    format!("unsubscribe:{user_id}")
}

/// A page that asks whether mails shall stop. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/unsubscribe/{userId}/{token}", tag = "Public site",
    params(("userId" = Uuid, Path), ("token" = String, Path, max_length = 255, description = "Seal of the link")),
    responses((status = 200, description = "A page that asks for confirmation", content_type = "text/html"),
              (status = 404, description = "The link is not ours", content_type = "text/html")))]
async fn ask(State(state): State<AppState>, link: ApiResult<Link>) -> Page {
    if holder(&state, link).is_none() {
        return unknown();
    }
    let text = "Vous ne recevrez plus nos mails d’information. Ceux qui concernent vos paiements, vos factures et \
                la sécurité de votre compte continueront d’arriver.";
    Page::new("Se désabonner", text).button("Confirmer")
}

/// Stops the mails a person may refuse; also the one-click form of RFC 8058.
#[utoipa::path(post, path = "/public/unsubscribe/{userId}/{token}", tag = "Public site",
    params(("userId" = Uuid, Path), ("token" = String, Path, max_length = 255, description = "Seal of the link")),
    responses((status = 200, description = "Done, now or before", content_type = "text/html"),
              (status = 404, description = "The link is not ours", content_type = "text/html")))]
async fn unsubscribe(State(state): State<AppState>, link: ApiResult<Link>) -> ApiResult<Page> {
    let Some(user_id) = holder(&state, link) else {
        return Ok(unknown());
    };
    users::service::refuse_mails(&state, user_id).await?;
    let text = "C’est fait : vous ne recevrez plus nos mails d’information. Vous pouvez changer d’avis à tout moment \
                dans les paramètres de votre compte.";
    Ok(Page::new("Vous êtes désabonné", text))
}

/// Whose account the link is of. One that is not ours names nobody, whatever is wrong with it.
fn holder(state: &AppState, link: ApiResult<Link>) -> Option<Uuid> {
    let ApiPath((user_id, token)) = link.ok()?;
    state.links.is_sealed(&subject(user_id), &token).then_some(user_id)
}

fn unknown() -> Page {
    Page::unknown("Vous pouvez régler vos notifications dans les paramètres de votre compte.")
}
