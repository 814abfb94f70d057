//! Settling: the one place where a paid session becomes a paid order, whoever tells of it and
//! however often. All of it is one transaction, the caller's.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    event::CheckoutSession,
    store::{self, NewPayment, SessionRow, SessionState},
    told::{ORDERS, PaymentAlert, PaymentReceived, Trouble},
};
use crate::{
    app::AppState,
    audit::{self, SYSTEM, acts},
    clock::day_in_paris,
    commandes::{
        Statut, life,
        moves::{self, FirstPayment, Move},
        opening::{self, Opened},
        payable::{self, Billable},
        pending::{self, Pending},
        told::OrderRef,
    },
    db,
    events::{self, Tx},
    http::error::{ApiError, ApiResult},
    invoices::{self, NewInvoice, document},
    users::{
        billing::{Buyer as BillingBlock, TypeClient},
        owners::{self, Account},
    },
};

/// What telling of a session led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The order is paid now.
    Settled,
    /// It was already; nothing changed.
    AlreadySettled,
    /// The money is on its way.
    Waiting,
    /// No session of ours.
    Unmatched,
}

/// An order that cost nothing and is final at once.
pub struct FreeOrder {
    /// The order.
    pub commande_id: Uuid,
    /// Where the customer goes.
    pub success_url: String,
}

/// A payment as the settlement needs it.
struct Paid<'a> {
    session_id: &'a str,
    amount: i64,
    intent: Option<&'a str>,
    session: &'a CheckoutSession,
    now: DateTime<Utc>,
}

/// Applies what Stripe says of a session: a paid one settles its order, exactly once.
///
/// # Errors
/// When the database refuses; nothing of it is then done.
pub async fn settle(tx: &mut Tx, state: &AppState, session: &CheckoutSession) -> ApiResult<Outcome> {
    let reference = session.client_reference_id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    let Some(row) = store::lock_session(tx, &session.id, reference).await? else {
        return Ok(Outcome::Unmatched);
    };
    if row.status == SessionState::Paid {
        return Ok(Outcome::AlreadySettled);
    }
    let now = state.clock.now();
    store::adopt_session(tx, row.id, &session.id).await?;
    if !session.is_settled() {
        store::set_session_processing(tx, row.id, now).await?;
        return Ok(Outcome::Waiting);
    }
    let paid = Paid {
        session_id: &session.id,
        amount: session.amount_total.unwrap_or(row.amount.into()),
        intent: session.payment_intent.as_deref(),
        session,
        now,
    };
    apply(tx, state, &row, &paid).await?;
    store::set_session_state(tx, row.id, SessionState::Paid, now).await?;
    Ok(Outcome::Settled)
}

async fn apply(tx: &mut Tx, state: &AppState, row: &SessionRow, paid: &Paid<'_>) -> ApiResult<()> {
    if let Some(id) = row.pending_commande_id {
        let pending = pending::lock(tx, id).await?.ok_or_else(|| missing("pending order", id))?;
        return match pending.commande_id {
            None => open_order(tx, state, &pending, paid).await,
            Some(commande_id) => paid_again(tx, commande_id, paid).await,
        };
    }
    let id = row.commande_id.ok_or_else(|| missing("order of session", row.id))?;
    let commande = payable::lock(tx, id).await?.ok_or_else(|| missing("order", id))?;
    match commande.paid {
        false => pay_order(tx, state, &commande, paid).await,
        true => paid_again(tx, id, paid).await,
    }
}

fn missing(what: &str, id: Uuid) -> ApiError {
    ApiError::internal(anyhow::anyhow!("the {what} {id} is gone although a session of it was paid"))
}

/// A pending order was paid: it becomes an order, its author gets an account.
async fn open_order(tx: &mut Tx, state: &AppState, pending: &Pending, paid: &Paid<'_>) -> ApiResult<()> {
    let payment = FirstPayment { amount: paid.amount, session_id: Some(paid.session_id) };
    let opened = opening::open(tx, pending, payment).await?;
    let invoice = NewInvoice {
        commande_id: opened.order.id,
        title: opened.order.titre.clone(),
        description: Some(describe(
            Some(&pending.tarif_nom),
            pending.nombre_pages,
            pending.description.as_deref(),
        )),
        amount: paid.amount,
        buyer: buyer(&opened.account, pending.adresse.as_deref(), pending.buyer.as_deref(), paid.session),
        paid_at: paid.now,
        stripe_session_id: paid.session_id.to_owned(),
        payment_reference: paid.intent.map(str::to_owned),
    };
    receive(tx, state, &opened.account, opened.order, invoice, paid).await
}

/// An existing order was paid.
async fn pay_order(tx: &mut Tx, state: &AppState, commande: &Billable, paid: &Paid<'_>) -> ApiResult<()> {
    let account = owners::lock_account(tx, commande.user_id)
        .await?
        .ok_or_else(|| missing("account of order", commande.id))?;
    payable::set_paid(tx, commande.id, paid.amount, paid.session_id, paid.now).await?;
    let step = Move { to: life::after_payment(commande.statut), by: "system" };
    moves::move_to(tx, commande.id, step).await?;
    let invoice = NewInvoice {
        commande_id: commande.id,
        title: commande.titre.clone(),
        description: Some(describe(
            commande.service.as_deref(),
            commande.pages,
            commande.description.as_deref(),
        )),
        amount: paid.amount,
        buyer: buyer(&account, None, commande.buyer.as_deref(), paid.session),
        paid_at: paid.now,
        stripe_session_id: paid.session_id.to_owned(),
        payment_reference: paid.intent.map(str::to_owned),
    };
    if commande.statut == Statut::Annulee {
        let message =
            format!("La commande annulée « {} » vient d’être payée ; elle est rouverte.", commande.titre);
        alert(tx, paid, "Une commande annulée a été payée", message).await?;
    }
    let order = OrderRef { id: commande.id, titre: commande.titre.clone() };
    receive(tx, state, &account, order, invoice, paid).await
}

/// Notes the money, invoices it and tells everybody.
async fn receive(
    tx: &mut Tx,
    state: &AppState,
    account: &Account,
    order: OrderRef,
    invoice: NewInvoice,
    paid: &Paid<'_>,
) -> ApiResult<()> {
    let issued = match paid.amount {
        0 => None,
        _ => Some(invoices::issue(tx, state, invoice).await?),
    };
    note_payment(tx, order.id, issued.as_ref().map(|issued| issued.id), paid).await?;
    let number = issued.map(|issued| issued.number);
    audit_payment(tx, &order, number.as_deref(), paid).await?;
    let received = PaymentReceived {
        user_id: account.id,
        order,
        amount: paid.amount,
        paid_at: paid.now,
        reference: paid.session_id.to_owned(),
        invoice_number: number,
    };
    Ok(events::record(tx, received).await?)
}

async fn note_payment(
    tx: &mut Tx,
    commande_id: Uuid,
    invoice_id: Option<Uuid>,
    paid: &Paid<'_>,
) -> ApiResult<()> {
    if paid.amount == 0 {
        return Ok(());
    }
    let payment = NewPayment {
        refund: false,
        commande_id,
        invoice_id,
        amount: paid.amount,
        occurred_at: paid.now,
        day: day_in_paris(paid.now),
        stripe_id: paid.session_id,
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

/// A second session of an order that is paid already: the money is noted for the books, nothing
/// else happens twice, and the administrators are told to give it back.
async fn paid_again(tx: &mut Tx, commande_id: Uuid, paid: &Paid<'_>) -> ApiResult<()> {
    note_payment(tx, commande_id, None, paid).await?;
    let message = format!(
        "La commande {commande_id} était déjà payée lorsqu’un second paiement ({}) est arrivé. Il est à rembourser.",
        paid.session_id
    );
    alert(tx, paid, "Une commande a été payée deux fois", message).await
}

async fn alert(tx: &mut Tx, paid: &Paid<'_>, title: &str, message: String) -> ApiResult<()> {
    let about = paid.session_id.to_owned();
    let title = title.to_owned();
    let alert = PaymentAlert { trouble: Trouble::Anomaly, about, title, message, action_path: ORDERS };
    Ok(events::record(tx, alert).await?)
}

/// Finishes a pending order that costs nothing, through the same door as a paid one.
///
/// # Errors
/// 404 when there is no such pending order.
pub async fn settle_free(state: &AppState, pending_id: Uuid) -> ApiResult<FreeOrder> {
    let commande_id = db::with_retry(|| async {
        let mut tx = state.begin().await?;
        let pending = pending::lock(&mut tx, pending_id)
            .await?
            .ok_or_else(|| ApiError::not_found("Commande introuvable."))?;
        let commande_id = match pending.commande_id {
            Some(id) => id,
            None => open_free(&mut tx, state, &pending).await?,
        };
        tx.commit().await?;
        Ok::<_, ApiError>(commande_id)
    })
    .await?;
    Ok(FreeOrder { commande_id, success_url: format!("{}/payment-success", state.config.site()) })
}

async fn open_free(tx: &mut Tx, state: &AppState, pending: &Pending) -> ApiResult<Uuid> {
    let offered = FirstPayment { amount: 0, session_id: None };
    let Opened { account, order } = opening::open(tx, pending, offered).await?;
    let received = PaymentReceived {
        user_id: account.id,
        amount: 0,
        paid_at: state.clock.now(),
        reference: order.id.to_string(),
        invoice_number: None,
        order: order.clone(),
    };
    events::record(tx, received).await?;
    Ok(order.id)
}

/// The line under the title on an invoice.
fn describe(service: Option<&str>, pages: Option<i32>, description: Option<&str>) -> String {
    let service = service.unwrap_or("Correction de manuscrit");
    let head = match pages {
        Some(pages) => format!("{service} ({pages} pages)"),
        None => service.to_owned(),
    };
    match description.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => format!("{head}\n\n{text}"),
        None => head,
    }
}

/// Who is invoiced: what the customer typed on the payment page, completed by the order's billing block.
fn buyer(
    account: &Account,
    account_address: Option<&str>,
    block: Option<&BillingBlock>,
    session: &CheckoutSession,
) -> document::Buyer {
    let details = session.customer_details.clone().unwrap_or_default();
    let typed = details.address.filter(|address| address.line1.is_some()).map(|address| document::Address {
        line1: address.line1.unwrap_or_default(),
        line2: address.line2,
        postal_code: address.postal_code.unwrap_or_default(),
        city: address.city.unwrap_or_default(),
        country: address.country.unwrap_or_else(|| "FR".into()),
    });
    let block = block.cloned().unwrap_or_default();
    let written = block.adresse_facturation.as_deref().or(account_address).map(written_address);
    document::Buyer {
        name: details.name.unwrap_or_else(|| format!("{} {}", account.prenom, account.nom)),
        company: block.societe,
        is_professional: block.type_client == TypeClient::Professionnel,
        siren: block.siren,
        vat_number: block.numero_tva,
        reference: block.reference_client,
        email: account.email.clone(),
        address: typed.or(written),
    }
}

/// An address typed in one field: its first line, then the rest.
fn written_address(text: &str) -> document::Address {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line1 = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = lines.collect();
    document::Address {
        line1,
        line2: (!rest.is_empty()).then(|| rest.join(", ")),
        postal_code: String::new(),
        city: String::new(),
        country: "FR".into(),
    }
}
