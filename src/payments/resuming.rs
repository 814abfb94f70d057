//! The link of a refused payment's mail: a page from which the order can be paid, as long as it is not.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::checkout::{Target, page_again};
use crate::{
    app::AppState,
    commandes::{
        payable::{self, UnpaidOrder},
        pending,
    },
    http::{ApiPath, ApiResult, page::Page},
    money,
};

/// `GET` and `POST /public/reprise/{token}`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, resume))
}

/// What the token of a link permits.
const PURPOSE: &str = "reprise";

/// The path of the link for an order, pending or not.
pub fn path(state: &AppState, order_id: Uuid) -> String {
    format!("/api/public/reprise/{}", state.links.ticket(PURPOSE, order_id))
}

/// An order that still waits for its payment.
struct Resumable {
    target: Target,
    order: UnpaidOrder,
}

async fn find(state: &AppState, token: &str) -> ApiResult<Option<Resumable>> {
    let Some(id) = state.links.ticket_holder(PURPOSE, token) else { return Ok(None) };
    let mut conn = state.db.conn().await?;
    let target = match pending::find(&mut conn, id).await? {
        Some(_) => Target::Pending(id),
        None => Target::Commande(id),
    };
    let order = match target {
        Target::Pending(id) => payable::unpaid_order(&mut conn, None, Some(id)).await?,
        Target::Commande(id) => payable::unpaid_order(&mut conn, Some(id), None).await?,
    };
    Ok(order.filter(|order| order.payable).map(|order| Resumable { target, order }))
}

/// A page that offers to pay an order whose payment was refused. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/reprise/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "A page with a button", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or nothing is to be paid any more", content_type = "text/html")))]
async fn show(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    let Some(Resumable { order, .. }) = find(&state, &token).await? else { return Ok(nothing_due()) };
    let reference = order.reference.map(|reference| format!(" (commande {reference})")).unwrap_or_default();
    let due = order.amount.map(|cents| format!(", pour {}", money::french(cents.into()))).unwrap_or_default();
    let text = format!(
        "Votre commande « {} »{reference} est conservée. Vous pouvez la régler maintenant{due}.",
        order.titre
    );
    Ok(Page::new("Reprendre votre paiement", &text).button("Payer ma commande").leading_elsewhere())
}

/// Leads to the payment page of the order: the one that is open, else a new one.
#[utoipa::path(post, path = "/public/reprise/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 303, description = "To the payment page"),
              (status = 404, description = "The link is not ours, or nothing is to be paid any more", content_type = "text/html"),
              (status = 400, description = "Why it cannot be paid now", content_type = "text/html"),
              (status = 503, body = crate::http::ErrorBody)))]
async fn resume(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Response> {
    let Some(Resumable { target, .. }) = find(&state, &token).await? else {
        return Ok(nothing_due().into_response());
    };
    Ok(match page_again(&state, target).await {
        Ok(opened) => Redirect::to(&opened.url).into_response(),
        Err(error) if error.status().is_client_error() => Page::refused(&error).into_response(),
        Err(error) => return Err(error),
    })
}

fn nothing_due() -> Page {
    Page::unknown(
        "Cette commande est déjà réglée, ou elle n’existe plus. Si vous avez un doute, écrivez-nous.",
    )
}
