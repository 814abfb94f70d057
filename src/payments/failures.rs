//! Payments that did not happen.

use uuid::Uuid;

use super::{
    event::{CheckoutSession, Metadata, PaymentIntent},
    refusals::{self, Refusal},
    store::{self, SessionRow, SessionState},
};
use crate::{
    app::AppState,
    commandes::{PaymentStatus, payable, pending},
    events::Tx,
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
        refusals::note(tx, refusal(row.commande_id, row.pending_commande_id, row.amount.into(), &session.id))
            .await?;
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
    Ok(refusals::note(tx, refusal(commande, pending, 0, &intent.id)).await?)
}

fn refusal(
    commande_id: Option<Uuid>,
    pending_commande_id: Option<Uuid>,
    amount: i64,
    attempt: &str,
) -> Refusal<'_> {
    Refusal { commande_id, pending_commande_id, attempt, amount }
}

fn id_in(metadata: &Metadata, key: &str) -> Option<Uuid> {
    metadata.get(key).and_then(|id| Uuid::parse_str(id).ok())
}
