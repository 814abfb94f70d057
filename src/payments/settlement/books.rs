//! The money that came: noted, invoiced and told of.

use serde_json::json;
use uuid::Uuid;

use super::Paid;
use crate::{
    app::AppState,
    audit::{self, SYSTEM, acts},
    clock::day_in_paris,
    commandes::told::OrderRef,
    events::{self, Tx},
    http::error::ApiResult,
    invoices::{self, NewInvoice},
    payments::{
        store::{self, NewPayment, PaymentKind},
        told::PaymentReceived,
    },
    users::owners::Account,
};

/// What the money is for, as its buyer is told.
pub(super) struct Bought {
    /// The order.
    pub order: OrderRef,
    /// Name of the service.
    pub pack: Option<String>,
    /// Whether the mail that activates the account tells of the purchase already.
    pub by_activation: bool,
}

/// Notes the money, invoices it and tells everybody. Last of a settlement: from the number of the invoice on, other
/// settlements wait.
pub(super) async fn receive(
    tx: &mut Tx,
    state: &AppState,
    account: &Account,
    bought: Bought,
    invoice: NewInvoice,
    paid: &Paid<'_>,
) -> ApiResult<()> {
    let order = bought.order;
    let issued = match paid.amount {
        0 => None,
        _ => Some(invoices::issue(tx, state, invoice).await?),
    };
    note(tx, order.id, issued.as_ref().map(|issued| issued.id), paid).await?;
    let number = issued.map(|issued| issued.number);
    audit_payment(tx, &order, number.as_deref(), paid).await?;
    if paid.amount == 0 {
        // An order that cost nothing in the end was told of as one that is offered.
        return Ok(());
    }
    let received = PaymentReceived {
        user_id: account.id,
        order,
        pack: bought.pack,
        amount: paid.amount,
        paid_at: paid.paid_at,
        session_id: paid.session_id.to_owned(),
        invoice_number: number,
        by_activation: bought.by_activation,
    };
    Ok(events::record(tx, received).await?)
}

/// Notes the money, unless there is none.
pub(super) async fn note(
    tx: &mut Tx,
    commande_id: Uuid,
    invoice_id: Option<Uuid>,
    paid: &Paid<'_>,
) -> ApiResult<()> {
    if paid.amount == 0 {
        return Ok(());
    }
    let payment = NewPayment {
        kind: PaymentKind::Payment,
        commande_id,
        invoice_id,
        amount: paid.amount,
        occurred_at: paid.paid_at,
        day: day_in_paris(paid.paid_at),
        reference: paid.session_id,
        payment_intent: paid.intent,
        now: paid.now,
    };
    Ok(store::insert_payment(tx, &payment).await?)
}

async fn audit_payment(
    tx: &mut Tx,
    order: &OrderRef,
    invoice_number: Option<&str>,
    paid: &Paid<'_>,
) -> ApiResult<()> {
    let details = json!({ "commandeId": order.id, "amount": paid.amount, "invoice": invoice_number });
    Ok(audit::record(tx, acts::PAYMENT_WEBHOOK_RECEIVED, SYSTEM, paid.session_id, details).await?)
}
