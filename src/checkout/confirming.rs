//! Orders of guests that cost nothing: final once the link of their one mail is followed, so that nobody orders in
//! somebody else's name.

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::quota;
use crate::{
    app::AppState,
    commandes::pending::{self, PendingStatus},
    http::{ApiPath, ApiResult, page::Page},
    payments::settlement::settle_free,
};

/// `GET` and `POST /public/commande-offerte/{token}`, and the page before.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(wait)).routes(routes!(ask, confirm))
}

/// What the token of a link permits.
const PURPOSE: &str = "commande-offerte";

/// The path of the link that confirms an order.
pub fn path(state: &AppState, pending_id: Uuid) -> String {
    format!("/api/public/commande-offerte/{}", state.links.ticket(PURPOSE, pending_id))
}

/// Where a guest goes who has yet to confirm an order.
pub(super) fn waiting_url(state: &AppState) -> String {
    format!("{}/api/public/commande-offerte", state.config.api_url)
}

/// What a guest reads whose order costs nothing, before they confirm it.
#[utoipa::path(get, path = "/public/commande-offerte", tag = "Public site",
    responses((status = 200, description = "A page that asks to look into one's mailbox", content_type = "text/html")))]
async fn wait() -> Page {
    let text = "Votre commande vous est offerte. Nous venons de vous envoyer un e-mail : suivez son lien pour la confirmer.";
    Page::new("Consultez votre boîte de réception", text)
}

/// A page that asks to confirm an order that costs nothing. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/commande-offerte/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "A page with a button, or that says it is done", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or the order is gone", content_type = "text/html")))]
async fn ask(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    Ok(match find(&state, &token).await? {
        None => gone(),
        Some((_, PendingStatus::Paid)) => done(),
        Some(_) => {
            let text = "Rien n’est à payer. Confirmez votre commande, et nous nous mettons au travail.";
            Page::new("Confirmer votre commande", text).button("Confirmer ma commande")
        }
    })
}

/// Confirms an order that costs nothing: it is final, and its guest gets the mail that opens their account.
#[utoipa::path(post, path = "/public/commande-offerte/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "Done, now or before", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or the order is gone", content_type = "text/html"),
              (status = 400, description = "Its documents are too large to be kept for nothing", content_type = "text/html")))]
async fn confirm(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    match find(&state, &token).await? {
        None => Ok(gone()),
        Some((_, PendingStatus::Paid)) => Ok(done()),
        Some((id, _)) => {
            match quota::of_confirmed(&state, id).await {
                Err(error) if error.status().is_client_error() => return Ok(Page::refused(&error)),
                judged => judged?,
            }
            settle_free(&state, id).await?;
            Ok(done())
        }
    }
}

async fn find(state: &AppState, token: &str) -> ApiResult<Option<(Uuid, PendingStatus)>> {
    let Some(id) = state.links.ticket_holder(PURPOSE, token) else { return Ok(None) };
    let mut conn = state.db.conn().await?;
    Ok(pending::find(&mut conn, id).await?.map(|found| (id, found.status)))
}

fn done() -> Page {
    let text = "Merci ! Votre commande est confirmée. Un e-mail vous dit la suite et, si ce n’est pas déjà fait, vous donne \
                accès à votre espace.";
    Page::new("Votre commande est confirmée", text)
}

fn gone() -> Page {
    Page::unknown("Cette commande n’existe plus : sans confirmation, elle est effacée au bout de sept jours.")
}
