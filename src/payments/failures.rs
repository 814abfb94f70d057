//! Payments that did not happen.

use uuid::Uuid;

use super::{
    event::{CheckoutSession, Metadata, PaymentIntent},
    store::{self, SessionRow, SessionState},
    told::PaymentFailed,
};
use crate::{
    app::AppState,
    commandes::{PaymentStatus, payable, pending},
    events::{self, Tx},
    http::error::ApiResult,
};

/// Closes a session that will not be paid; false when it is not ours.
///
/// # Errors
/// When the database refuses.
pub async fn session_closed(
    tx: &mut Tx,
    state: &AppState,
    session: &CheckoutSession,
    end: SessionState,
) -> ApiResult<bool> {
    let reference = session.client_reference_id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    let Some(row) = store::lock_session(tx, &session.id, reference).await? else { return Ok(false) };
    if row.status == SessionState::Paid {
        return Ok(true);
    }
    close(tx, state, &row, end).await?;
    if end == SessionState::Failed {
        tell(tx, row.commande_id, row.pending_commande_id, row.amount.into(), &session.id).await?;
    }
    Ok(true)
}

/// Marks a session of ours closed, and its order unless another page of it can still be paid.
///
/// # Errors
/// When the database refuses.
pub async fn close(tx: &mut Tx, state: &AppState, row: &SessionRow, end: SessionState) -> ApiResult<()> {
    let now = state.clock.now();
    store::set_session_state(tx, row.id, end, now).await?;
    if store::has_open_session(tx, row.commande_id, row.pending_commande_id).await? {
        return Ok(());
    }
    if let Some(pending) = row.pending_commande_id {
        pending::set_expired(tx, pending, now).await?;
    }
    if let (Some(commande), SessionState::Failed) = (row.commande_id, end) {
        payable::set_not_paid(tx, commande, PaymentStatus::Failed, now).await?;
    }
    Ok(())
}

/// A card was refused; the session stays open and the customer may try another one.
///
/// # Errors
/// When the database refuses.
pub async fn payment_refused(tx: &mut Tx, state: &AppState, intent: &PaymentIntent) -> ApiResult<()> {
    let pending = id_in(&intent.metadata, "pendingCommandeId");
    let commande = id_in(&intent.metadata, "commandeId").filter(|_| pending.is_none());
    if let Some(id) = commande {
        payable::set_not_paid(tx, id, PaymentStatus::Failed, state.clock.now()).await?;
    }
    tell(tx, commande, pending, 0, &intent.id).await
}

fn id_in(metadata: &Metadata, key: &str) -> Option<Uuid> {
    metadata.get(key).and_then(|id| Uuid::parse_str(id).ok())
}

/// Tells the customer and the administrators, unless the order is paid or gone meanwhile.
async fn tell(
    tx: &mut Tx,
    commande: Option<Uuid>,
    pending: Option<Uuid>,
    amount: i64,
    attempt: &str,
) -> ApiResult<()> {
    let Some(order) = payable::unpaid_order(tx, commande, pending).await? else { return Ok(()) };
    let failed = PaymentFailed {
        user_id: order.user_id,
        attempt: attempt.to_owned(),
        customer_name: format!("{} {}", order.prenom, order.nom),
        customer_email: order.email,
        titre: order.titre,
        amount: order.amount.map_or(amount, i64::from),
        retry_path: if order.user_id.is_some() { "/app/projects" } else { "/commande-invitee" }.to_owned(),
    };
    Ok(events::record(tx, failed).await?)
}
