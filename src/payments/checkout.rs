//! Opening payment pages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    lines,
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
    db,
    events::Tx,
    http::error::{ApiError, ApiResult},
    tarifs::service as tarifs,
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
    let (row, payable) = reserve(state, target).await?;
    let id = row.id;
    let opened = state.stripe.create_session(new_session(state, &row, target, payable)).await;
    match opened {
        Ok(session) => note_opened(state, id, target, session).await,
        Err(failure) => {
            let mut conn = state.db.conn().await?;
            store::set_session_state(&mut conn, id, SessionState::Failed, state.clock.now()).await?;
            Err(refused(failure))
        }
    }
}

/// Writes the row of the session to come, while the order is locked: a change of its price closes the pages it finds.
async fn reserve(state: &AppState, target: Target) -> ApiResult<(SessionRow, Payable)> {
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        let payable = payable(&mut tx, target).await?;
        let row = row(&mut tx, target, &payable, state.clock.now()).await?;
        store::insert_session(&mut tx, &row).await?;
        tx.commit().await?;
        Ok::<_, ApiError>((row, payable))
    })
    .await
}

async fn payable(tx: &mut Tx, target: Target) -> ApiResult<Payable> {
    let payable = match target {
        Target::Pending(id) => payable::payable_pending(tx, id).await?,
        Target::Commande(id) => {
            payable::lock(tx, id).await?;
            payable::payable_commande(tx, id).await?.map(|(payable, _)| payable)
        }
    };
    payable.ok_or_else(|| ApiError::not_found("Commande introuvable."))
}

async fn row(
    tx: &mut Tx,
    target: Target,
    payable: &Payable,
    created_at: DateTime<Utc>,
) -> ApiResult<SessionRow> {
    let amount = payable.amount.filter(|amount| *amount > 0).ok_or_else(|| {
        ApiError::bad_request("AMOUNT_UNKNOWN", "Le prix de cette commande n’est pas encore fixé.")
    })?;
    let items = lines::sold(payable, &tarifs::page_prices(tx).await?, amount.into());
    let (commande_id, pending_commande_id) = match target {
        Target::Pending(id) => (None, Some(id)),
        Target::Commande(id) => (Some(id), None),
    };
    Ok(SessionRow {
        id: new_id(),
        session_id: None,
        commande_id,
        pending_commande_id,
        amount,
        items: Some(Json(serde_json::to_value(items).map_err(ApiError::internal)?)),
        status: SessionState::Creating,
        created_at,
        expires_at: session_expiry(created_at),
    })
}

fn new_session(state: &AppState, row: &SessionRow, target: Target, payable: Payable) -> NewSession {
    let site = state.config.site();
    NewSession {
        idempotency_key: row.id,
        amount: row.amount.into(),
        product_name: payable.titre,
        product_description: payable.service,
        customer_email: payable.email,
        success_url: format!("{site}/payment-success?session_id={{CHECKOUT_SESSION_ID}}"),
        cancel_url: format!("{site}/payment/cancel"),
        expires_at: row.expires_at,
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
