//! Telling the team of orders that wait for their payment: in a transaction of its own, after the payment page is open,
//! or later by a job when the server ended in between.

use chrono::TimeDelta;
use uuid::Uuid;

use super::told::OrderAwaitingPayment;
use crate::{app::AppState, commandes::announcing, db::with_retry, events};

/// How long placing an order may take, Stripe's answers included.
const GRACE: TimeDelta = TimeDelta::minutes(2);

/// Orders told of per run.
const BATCH: u32 = 100;

/// Tells of an order, unless it was told of. A failure is no reason to refuse an order that can be paid: the job comes
/// back to it.
pub(super) async fn one(state: &AppState, id: Uuid) {
    if let Err(error) = with_retry(|| tell(state, id)).await {
        tracing::error!(%error, pending = %id, "an order waits for its payment and nobody was told yet");
    }
}

/// Tells of the orders nobody was told of in time; how many.
///
/// # Errors
/// When the database refuses; the next run goes on.
pub(super) async fn overdue(state: &AppState) -> Result<u64, sqlx::Error> {
    let ids = {
        let mut conn = state.db.conn().await?;
        announcing::placed_before(&mut conn, state.clock.now() - GRACE, BATCH).await?
    };
    let mut told = 0;
    for id in ids {
        told += u64::from(with_retry(|| tell(state, id)).await?);
    }
    Ok(told)
}

async fn tell(state: &AppState, id: Uuid) -> Result<bool, sqlx::Error> {
    let mut tx = state.begin().await?;
    let Some(order) = announcing::take(&mut tx, id, state.clock.now()).await? else { return Ok(false) };
    let unpaid = order.unpaid;
    // The payment of one paid meanwhile tells of itself.
    if unpaid {
        let awaiting = OrderAwaitingPayment {
            pending_id: order.id,
            reference: order.reference.unwrap_or_default(),
            customer_name: format!("{} {}", order.prenom, order.nom),
            customer_email: order.email,
            titre: order.titre,
            amount: order.amount.into(),
            pages: order.pages.and_then(|pages| u32::try_from(pages).ok()),
            files: u32::try_from(order.files).unwrap_or(u32::MAX),
        };
        events::record(&mut tx, awaiting).await?;
    }
    tx.commit().await?;
    Ok(unpaid)
}
