//! What an author may do about paying.

use serde_json::json;
use uuid::Uuid;

pub use super::{
    checkout::{OpenedCheckout, Page, Target, open, open_checkout, page_again, reserve},
    store::{has_open_session, is_being_paid, open_pages, part_from_pending, payable_among, queue_overdue},
};
use super::{
    event::{Metadata, PaymentStatus, SessionStatus},
    offers, reconcile,
    refused::refused,
    settlement::{self, Outcome},
    store::{self, SessionState, SettledOrder},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    commandes::{self, Statut, payable},
    events::Tx,
    http::error::{ApiError, ApiResult},
};

/// Where the author of an order goes to have it settled.
pub struct NextStep {
    /// Stripe's id of the session; empty for an order that costs nothing.
    pub session_id: String,
    /// The payment page, or the success page when nothing is due.
    pub url: String,
}

/// Opens a payment page for an order of the caller, named by its own id or by an invoice's; one that costs nothing is
/// final at once.
///
/// # Errors
/// 404 without such an order, 400 when it is paid or has no price, 409 when it was cancelled, 429 when too many were
/// offered.
pub async fn checkout_for(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<NextStep> {
    let (commande_id, due) = unpaid(state, user, id).await?;
    if due == Some(0) {
        offers::check(state, &user.email)?;
        let url = settlement::settle_offered(state, commande_id).await?;
        return Ok(NextStep { session_id: String::new(), url });
    }
    let opened = open_checkout(state, Target::Commande(commande_id)).await?;
    let details = json!({ "commandeId": commande_id });
    let session_id = opened.session_id.as_str();
    audit::record_alone(state, acts::PAYMENT_SESSION_CREATED, &user.email, session_id, details).await?;
    Ok(NextStep { session_id: opened.session_id, url: opened.url })
}

/// The order, and what is due for it in cents, when it can be paid.
async fn unpaid(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<(Uuid, Option<i32>)> {
    let mut conn = state.db.conn().await?;
    let unknown = || ApiError::not_found("Commande introuvable.");
    let commande_id = payable::commande_of_user(&mut conn, id, user.id).await?.ok_or_else(unknown)?;
    let (payable, now) = payable::payable_commande(&mut conn, commande_id).await?.ok_or_else(unknown)?;
    if now.payment_status == Some(commandes::PaymentStatus::Paid) {
        return Err(ApiError::bad_request("ALREADY_PAID", "Cette commande est déjà payée."));
    }
    if now.statut == Statut::Annulee {
        return Err(ApiError::conflict("ORDER_CANCELLED", "Cette commande a été annulée."));
    }
    Ok((commande_id, payable.amount))
}

/// Changes what an unpaid order costs, in cents. Its open payment pages ask for the former price: a job closes them at
/// Stripe. One that is paid before is settled for what was paid, and the team is told.
///
/// # Errors
/// 404 without such an order, 409 when it is paid, 400 for what is no price.
pub async fn set_price(tx: &mut Tx, commande_id: Uuid, price: i64) -> ApiResult<()> {
    let now = tx.now();
    let price = i32::try_from(price)
        .ok()
        .filter(|price| *price >= 0)
        .ok_or_else(|| ApiError::invalid_field("prixFinal", "Ce prix n’est pas valable."))?;
    let order = payable::lock(tx, commande_id).await?;
    let order = order.ok_or_else(|| ApiError::not_found("Commande introuvable."))?;
    if order.due == Some(price) {
        return Ok(());
    }
    if !payable::set_price(tx, commande_id, price, now).await? {
        return Err(ApiError::conflict(
            "ALREADY_PAID",
            "Cette commande est déjà payée : son prix ne change plus.",
        ));
    }
    Ok(store::queue_closing(tx, Some(commande_id), None, now).await?)
}

/// A session of the caller.
pub struct Status {
    /// State of the money.
    pub status: PaymentStatus,
    /// What people call the order.
    pub reference: Option<String>,
    /// What we noted on the session.
    pub metadata: Option<Metadata>,
}

/// What became of a session of the caller. Stripe is asked, and a payment that no webhook told of
/// yet is settled at once.
///
/// # Errors
/// 403 when the session is not the caller's, 503 when Stripe is away and we do not know.
pub async fn status(state: &AppState, user: &SessionUser, session_id: &str) -> ApiResult<Status> {
    let owned = {
        let mut conn = state.db.conn().await?;
        store::session_of_user(&mut conn, session_id, user.id).await?
    };
    let Some(owned) = owned else {
        return Err(ApiError::forbidden("NOT_OWNER", "Ce paiement ne vous appartient pas."));
    };
    audit::record_alone(state, acts::PAYMENT_STATUS_CHECKED, &user.email, session_id, None).await?;
    match state.stripe.session(session_id).await {
        Ok(session) => {
            if session.is_settled() && owned.status != SessionState::Paid {
                reconcile::settle(state, &session).await?;
            }
            let metadata = Some(session.metadata);
            Ok(Status { status: session.payment_status, reference: owned.reference, metadata })
        }
        Err(_) if owned.status == SessionState::Paid => {
            let metadata = Some(known_metadata(state, user, &owned));
            Ok(Status { status: PaymentStatus::Paid, reference: owned.reference, metadata })
        }
        Err(failure) => Err(refused(failure)),
    }
}

/// What became of a session of the simulated page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simulated {
    /// Settled now.
    Settled,
    /// Settled before.
    Known,
    /// Its customer is through, the money is on its way.
    Pending,
}

/// Settles a session paid on the simulated page; tells whether that was news, and what it led to.
///
/// # Errors
/// 404 without the simulator or the session, 409 `NOT_PAID`.
pub async fn settle_simulated(state: &AppState, session_id: &str) -> ApiResult<(Simulated, SettledOrder)> {
    let unknown = || ApiError::not_found("Cette session de paiement est inconnue.");
    if !state.config.stripe.simulated() {
        return Err(unknown());
    }
    let session = state.stripe.session(session_id).await.map_err(|_| unknown())?;
    if !session.is_settled() && session.status != SessionStatus::Complete {
        return Err(ApiError::conflict("NOT_PAID", "Cette session n’a pas encore été payée."));
    }
    let became = match (session.is_settled(), reconcile::settle(state, &session).await?) {
        (false, _) => Simulated::Pending,
        (true, Outcome::Settled) => Simulated::Settled,
        (true, _) => Simulated::Known,
    };
    let mut conn = state.db.conn().await?;
    Ok((became, store::settled_order(&mut conn, session_id).await?.ok_or_else(unknown)?))
}

fn known_metadata(state: &AppState, user: &SessionUser, owned: &store::OwnedSession) -> Metadata {
    let order = owned.commande_id.or(owned.pending_commande_id).unwrap_or_default();
    Metadata::from([
        ("userId".to_owned(), user.id.to_string()),
        ("commandeId".to_owned(), order.to_string()),
        ("source".to_owned(), state.config.stripe.source().to_owned()),
    ])
}

/// Has the open payment pages of an order closed at Stripe: the order goes.
///
/// # Errors
/// When the database refuses.
pub async fn close_pages(tx: &mut Tx, commande_id: Uuid) -> Result<(), sqlx::Error> {
    let now = tx.now();
    store::queue_closing(tx, Some(commande_id), None, now).await
}
