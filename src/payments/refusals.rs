//! Refused payments to tell of. Most customers try another card at once, so the news waits a quarter of an hour and is
//! dropped when the order is paid by then: a row with a due time, looked at when it is due.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::told::PaymentFailed;
use crate::{
    app::AppState,
    clock::new_id,
    commandes::{payable, told::OrderRef},
    db::with_retry,
    events::{self, Tx},
};

/// How long the news waits.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// A refused payment of an order.
#[derive(Clone, Copy)]
pub struct Refusal<'a> {
    /// The order.
    pub commande_id: Option<Uuid>,
    /// Or the pending one.
    pub pending_commande_id: Option<Uuid>,
    /// What Stripe calls the payment that was refused.
    pub attempt: &'a str,
    /// Cents, for an order without a price of its own.
    pub amount: i64,
}

/// Notes a refused payment, unless the order is gone or another of its refusals waits already.
///
/// # Errors
/// When the database refuses.
pub async fn note(tx: &mut Tx, refusal: Refusal<'_>) -> Result<(), sqlx::Error> {
    let Refusal { commande_id, pending_commande_id, attempt, amount } = refusal;
    if payable::unpaid_order(tx, commande_id, pending_commande_id).await?.is_none() {
        return Ok(());
    }
    let due_at = tx.now() + PATIENCE;
    sqlx::query!(
        "INSERT INTO payment_refusals (id, commande_id, pending_commande_id, attempt, amount, due_at)
         VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE attempt = payment_refusals.attempt",
        new_id(),
        commande_id,
        pending_commande_id,
        attempt,
        amount,
        due_at
    )
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Tells of the refused payments that are due; how many were told of.
///
/// # Errors
/// When the database refuses; the next run goes on.
pub async fn tell_due(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut told = 0;
    while let Some(news) = with_retry(|| tell_next(state)).await? {
        told += u64::from(news);
    }
    Ok(told)
}

/// Takes the next one that is due: whether it was told of, `None` when there is none.
async fn tell_next(state: &AppState) -> Result<Option<bool>, sqlx::Error> {
    let mut tx = state.begin().await?;
    let Some(due) = take_due(&mut tx, state.clock.now()).await? else { return Ok(None) };
    let order = payable::unpaid_order(&mut tx, due.commande_id, due.pending_commande_id).await?;
    let news = order.is_some();
    if let Some(order) = order {
        let failed = PaymentFailed {
            user_id: order.user_id,
            attempt: due.attempt,
            customer_name: format!("{} {}", order.prenom, order.nom),
            customer_email: order.email,
            order: OrderRef::new(order.id, order.reference, order.titre),
            amount: order.amount.unwrap_or(due.amount).into(),
        };
        events::record(&mut tx, failed).await?;
    }
    tx.commit().await?;
    Ok(Some(news))
}

struct Due {
    id: Uuid,
    commande_id: Option<Uuid>,
    pending_commande_id: Option<Uuid>,
    attempt: String,
    amount: i32,
}

/// Takes a due row off the table: it stays if the news cannot be recorded.
async fn take_due(conn: &mut MySqlConnection, now: DateTime<Utc>) -> Result<Option<Due>, sqlx::Error> {
    let due = sqlx::query_as!(
        Due,
        "SELECT id, commande_id, pending_commande_id, attempt, amount FROM payment_refusals
         WHERE due_at <= ? ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED",
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(due) = &due {
        sqlx::query!("DELETE FROM payment_refusals WHERE id = ?", due.id).execute(conn).await?;
    }
    Ok(due)
}
