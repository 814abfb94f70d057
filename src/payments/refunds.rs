//! Money given back, and payments disputed.

use chrono::{DateTime, Utc};

use super::{
    event::{Charge, Dispute},
    store::{self, NewPayment, PaymentKind, PaymentRow},
    told::{INVOICES, PaymentAlert, Trouble},
    unmatched::Unmatched,
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
/// that a repeated or late event changes nothing. Unmatched when we know of no such payment: its own
/// event may still be on the way, so that this one waits for it.
///
/// # Errors
/// When the database refuses.
pub async fn charge_refunded(
    tx: &mut Tx,
    state: &AppState,
    charge: &Charge,
    refunded_at: DateTime<Utc>,
) -> ApiResult<Option<Unmatched>> {
    let Some(intent) = charge.payment_intent.as_deref() else { return Ok(None) };
    let Some(payment) = store::lock_payment(tx, intent).await? else { return Ok(Some(unknown(intent))) };
    let in_all = charge.amount_refunded.get();
    let amount = in_all.min(payment.amount.into()) - store::refunded(tx, intent).await?;
    if amount > 0 {
        let reference = format!("{}:{in_all}", charge.id);
        let given_back = GivenBack { intent, amount, reference: &reference, refunded_at };
        refund(tx, state, &payment, &given_back).await?;
    }
    Ok(None)
}

fn unknown(intent: &str) -> Unmatched {
    Unmatched::Payment { intent: intent.to_owned() }
}

/// Money given back; `amount` is cents.
struct GivenBack<'a> {
    intent: &'a str,
    amount: i64,
    reference: &'a str,
    refunded_at: DateTime<Utc>,
}

async fn refund(
    tx: &mut Tx,
    state: &AppState,
    payment: &PaymentRow,
    given_back: &GivenBack<'_>,
) -> ApiResult<()> {
    let GivenBack { intent, amount, reference, refunded_at } = *given_back;
    let mut credit_note = None;
    if let Some(original_invoice_id) = payment.invoice_id {
        let new = NewCreditNote { original_invoice_id, amount, refunded_at, reference: reference.to_owned() };
        credit_note = Some(invoices::issue_credit_note(tx, state, new).await?.id);
    }
    let row = NewPayment {
        kind: PaymentKind::Refund,
        commande_id: payment.commande_id,
        invoice_id: credit_note,
        amount,
        occurred_at: refunded_at,
        day: day_in_paris(refunded_at),
        reference,
        payment_intent: Some(intent),
        now: state.clock.now(),
    };
    Ok(store::insert_payment(tx, &row).await?)
}

/// Warns the administrators of a disputed payment; unmatched when it is none of ours, or not yet.
///
/// # Errors
/// When the database refuses.
pub async fn dispute_opened(tx: &mut Tx, dispute: &Dispute) -> ApiResult<Option<Unmatched>> {
    let Some(intent) = dispute.payment_intent.as_deref() else { return Ok(None) };
    let Some(titre) = store::paid_title(tx, intent).await? else { return Ok(Some(unknown(intent))) };
    let alert = PaymentAlert {
        trouble: Trouble::Disputed,
        about: dispute.id.clone(),
        title: "Paiement contesté".into(),
        message: format!(
            "Le paiement de {} pour « {} » est contesté par la banque du client. Répondez dans Stripe avant l’échéance.",
            money::french(dispute.amount.get()),
            titre
        ),
        action_path: INVOICES,
    };
    events::record(tx, alert).await?;
    Ok(None)
}

/// Whether a payment intent is one of ours: disputes and refunds do not always carry our source.
///
/// # Errors
/// When the database refuses.
pub async fn is_ours(state: &AppState, intent: &str) -> ApiResult<bool> {
    let mut conn = state.db.conn().await?;
    Ok(store::paid_title(&mut conn, intent).await?.is_some())
}
