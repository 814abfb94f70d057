//! Money given back, and payments disputed.

use chrono::{DateTime, Utc};

use super::{
    event::{Charge, Dispute},
    store::{self, NewPayment, PaymentKind, PaymentRow},
    told::{INVOICES, PaymentAlert, Trouble},
};
use crate::{
    app::AppState,
    clock::day_in_paris,
    events::{self, Tx},
    http::error::ApiResult,
    invoices::{self, NewCreditNote},
    money,
};

/// Issues the credit note for what was given back since the last one. Stripe tells the total, so
/// that a repeated or late event changes nothing. False when we know of no such payment: its own
/// event may still be on the way, so that this one must come again.
///
/// # Errors
/// When the database refuses.
pub async fn charge_refunded(tx: &mut Tx, state: &AppState, charge: &Charge) -> ApiResult<bool> {
    let Some(intent) = charge.payment_intent.as_deref() else { return Ok(true) };
    let Some(payment) = store::lock_payment(tx, intent).await? else { return Ok(false) };
    let amount = charge.amount_refunded.min(payment.amount.into()) - store::refunded(tx, intent).await?;
    if amount > 0 {
        let reference = format!("{}:{}", charge.id, charge.amount_refunded);
        refund(tx, state, &payment, intent, amount, &reference).await?;
    }
    Ok(true)
}

async fn refund(
    tx: &mut Tx,
    state: &AppState,
    payment: &PaymentRow,
    intent: &str,
    amount: i64,
    reference: &str,
) -> ApiResult<()> {
    let now: DateTime<Utc> = state.clock.now();
    let mut credit_note = None;
    if let Some(original_invoice_id) = payment.invoice_id {
        let new =
            NewCreditNote { original_invoice_id, amount, refunded_at: now, reference: reference.to_owned() };
        credit_note = Some(invoices::issue_credit_note(tx, state, new).await?.id);
    }
    let row = NewPayment {
        kind: PaymentKind::Refund,
        commande_id: payment.commande_id,
        invoice_id: credit_note,
        amount,
        occurred_at: now,
        day: day_in_paris(now),
        reference,
        payment_intent: Some(intent),
        now,
    };
    Ok(store::insert_payment(tx, &row).await?)
}

/// Warns the administrators of a disputed payment of ours.
///
/// # Errors
/// When the database refuses.
pub async fn dispute_opened(tx: &mut Tx, dispute: &Dispute) -> ApiResult<()> {
    let Some(intent) = dispute.payment_intent.as_deref() else { return Ok(()) };
    let Some(titre) = store::paid_title(tx, intent).await? else { return Ok(()) };
    let alert = PaymentAlert {
        trouble: Trouble::Disputed,
        about: dispute.id.clone(),
        title: "Paiement contesté".into(),
        message: format!(
            "Le paiement de {} pour « {} » est contesté par la banque du client. Répondez dans Stripe avant l’échéance.",
            money::french(dispute.amount),
            titre
        ),
        action_path: INVOICES,
    };
    Ok(events::record(tx, alert).await?)
}

/// Whether a payment intent is one of ours: disputes and refunds do not always carry our source.
///
/// # Errors
/// When the database refuses.
pub async fn is_ours(state: &AppState, intent: &str) -> ApiResult<bool> {
    let mut conn = state.db.conn().await?;
    Ok(store::paid_title(&mut conn, intent).await?.is_some())
}
