//! Opening payment pages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    store::{self, SessionRow, SessionState},
    stripe::{NewSession, OpenedSession, StripeFailure, session_expiry},
};
use crate::{
    app::AppState,
    clock::new_id,
    commandes::{
        PaymentStatus,
        payable::{self, Payable},
    },
    http::error::{ApiError, ApiResult},
};

/// What is to be paid.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// An order that exists only once it is paid.
    Pending(Uuid),
    /// An unpaid order.
    Commande(Uuid),
}

/// A payment page.
pub struct OpenedCheckout {
    /// Stripe's id of the session.
    pub session_id: String,
    /// Where to send the customer.
    pub url: String,
}

/// Opens a payment page for an order. Our row comes first: its id is the idempotency key, and a
/// webhook faster than Stripe's answer finds it. Earlier sessions of the order stay valid.
///
/// # Errors
/// 404 without the order, 409 when it needs no payment, 503 when Stripe is away; the caller's
/// order is left as it was.
pub async fn open_checkout(state: &AppState, target: Target) -> ApiResult<OpenedCheckout> {
    let now = state.clock.now();
    let expires_at = session_expiry(now);
    let id = new_id();
    let (payable, amount) = reserve(state, id, target, expires_at, now).await?;
    let opened =
        state.stripe.create_session(new_session(state, id, target, payable, amount, expires_at)).await;
    match opened {
        Ok(session) => note_opened(state, id, target, session).await,
        Err(failure) => {
            let mut conn = state.db.conn().await?;
            store::set_session_state(&mut conn, id, SessionState::Failed, state.clock.now()).await?;
            Err(refused(failure))
        }
    }
}

/// Writes the row of the session to come.
async fn reserve(
    state: &AppState,
    id: Uuid,
    target: Target,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> ApiResult<(Payable, i64)> {
    let mut conn = state.db.conn().await?;
    let payable = match target {
        Target::Pending(id) => payable::payable_pending(&mut conn, id).await?,
        Target::Commande(id) => payable::payable_commande(&mut conn, id).await?.map(|(payable, _)| payable),
    };
    let payable = payable.ok_or_else(|| ApiError::not_found("Commande introuvable."))?;
    let amount = payable.amount.filter(|amount| *amount > 0).ok_or_else(|| {
        ApiError::bad_request("AMOUNT_UNKNOWN", "Le prix de cette commande n’est pas encore fixé.")
    })?;
    let (commande_id, pending_commande_id) = match target {
        Target::Pending(id) => (None, Some(id)),
        Target::Commande(id) => (Some(id), None),
    };
    let row = SessionRow {
        id,
        session_id: None,
        commande_id,
        pending_commande_id,
        amount,
        status: SessionState::Creating,
    };
    store::insert_session(&mut conn, &row, expires_at, now).await?;
    Ok((payable, amount.into()))
}

fn new_session(
    state: &AppState,
    id: Uuid,
    target: Target,
    payable: Payable,
    amount: i64,
    expires_at: DateTime<Utc>,
) -> NewSession {
    let site = state.config.site();
    NewSession {
        idempotency_key: id,
        amount,
        product_name: payable.titre,
        product_description: payable.service,
        customer_email: payable.email,
        success_url: format!("{site}/payment-success?session_id={{CHECKOUT_SESSION_ID}}"),
        cancel_url: format!("{site}/payment/cancel"),
        expires_at,
        metadata: metadata(state, target, payable.user_id),
    }
}

/// What Stripe sends back with every event. `commandeId` is the pending order's until it is paid,
/// as the former platform wrote it.
fn metadata(state: &AppState, target: Target, user_id: Option<Uuid>) -> BTreeMap<String, String> {
    let (commande, pending) = match target {
        Target::Pending(id) => (id, Some(id)),
        Target::Commande(id) => (id, None),
    };
    let mut metadata = BTreeMap::from([
        ("source".to_owned(), state.config.stripe.source().to_owned()),
        ("commandeId".to_owned(), commande.to_string()),
        ("userId".to_owned(), user_id.unwrap_or(commande).to_string()),
    ]);
    if let Some(pending) = pending {
        metadata.insert("pendingCommandeId".to_owned(), pending.to_string());
    }
    metadata
}

async fn note_opened(
    state: &AppState,
    id: Uuid,
    target: Target,
    session: OpenedSession,
) -> ApiResult<OpenedCheckout> {
    let mut conn = state.db.conn().await?;
    let now = state.clock.now();
    store::set_opened(&mut conn, id, &session.id, now).await?;
    if let Target::Commande(id) = target {
        payable::set_not_paid(&mut conn, id, PaymentStatus::Unpaid, now).await?;
    }
    Ok(OpenedCheckout { session_id: session.id, url: session.url })
}

/// What a caller is told of a failed call to Stripe.
pub(super) fn refused(failure: StripeFailure) -> ApiError {
    match failure {
        StripeFailure::NotFound => ApiError::not_found("Ce paiement est introuvable."),
        failure => ApiError::stripe_unavailable().caused_by(failure),
    }
}
