//! What is paid for: an order to open, an existing one, or one that was paid already.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Paid,
    books::{self, Bought},
    invoicing, missing,
};
use crate::{
    app::AppState,
    audit::SYSTEM,
    commandes::{
        Statut, express, life,
        moves::{self, FirstPayment, Move},
        opening,
        payable::{self, Billable},
        pending::Pending,
        told::{OrderOffered, OrderRef},
    },
    events::{self, Tx},
    http::error::ApiResult,
    money::french,
    payments::{
        checkout::TERMS_VERSION,
        told::{ORDERS, PaymentAlert, Trouble},
    },
    users::{owners, rules::EMAIL_MAX},
};

/// A pending order was paid: it becomes an order, its author gets an account.
pub(super) async fn open(tx: &mut Tx, state: &AppState, pending: &Pending, paid: &Paid<'_>) -> ApiResult<()> {
    let payment = FirstPayment { amount: paid.amount, session_id: Some(paid.session_id), at: paid.paid_at };
    let opened = opening::open(tx, pending, payment).await?;
    consent(tx, opened.order.id, &pending.email, paid).await?;
    compare(tx, &opened.order.titre, Some(pending.amount), paid).await?;
    let invoice = invoicing::of_pending(&opened, pending, paid);
    let bought = Bought {
        order: opened.order,
        pack: Some(pending.tarif_nom.clone()),
        by_activation: opened.account.dormant,
    };
    books::receive(tx, state, &opened.account, bought, invoice, paid).await
}

/// An existing order was paid.
pub(super) async fn pay(
    tx: &mut Tx,
    state: &AppState,
    commande: &Billable,
    paid: &Paid<'_>,
) -> ApiResult<()> {
    let account = owners::lock_account(tx, commande.user_id)
        .await?
        .ok_or_else(|| missing("account of order", commande.id))?;
    match paid.amount {
        0 => offer(tx, commande, Some(paid.session_id), paid.paid_at).await?,
        amount => {
            let payment = payable::Paid { amount, session_id: Some(paid.session_id), at: paid.paid_at };
            begin(tx, commande, payment).await?;
        }
    }
    consent(tx, commande.id, &account.email, paid).await?;
    compare(tx, &commande.titre, commande.due, paid).await?;
    if commande.statut == Statut::Annulee {
        let message =
            format!("La commande annulée « {} » vient d’être payée ; elle est rouverte.", commande.titre);
        alert(tx, paid.session_id, "Une commande annulée a été payée", message).await?;
    }
    let invoice = invoicing::of_commande(&account, commande, paid);
    let bought = Bought { order: order_ref(commande), pack: commande.service.clone(), by_activation: false };
    books::receive(tx, state, &account, bought, invoice, paid).await
}

/// An existing order that costs nothing: nothing is owed for it any more, and work begins.
pub(super) async fn offer(
    tx: &mut Tx,
    commande: &Billable,
    session_id: Option<&str>,
    at: DateTime<Utc>,
) -> ApiResult<()> {
    begin(tx, commande, payable::Paid { amount: 0, session_id, at }).await?;
    let offered = OrderOffered {
        user_id: commande.user_id,
        order: order_ref(commande),
        pack: commande.service.clone(),
        by_activation: false,
        // Unless a payment page found that nothing was left to pay.
        team_knows: commande.due == Some(0),
    };
    Ok(events::record(tx, offered).await?)
}

async fn begin(tx: &mut Tx, commande: &Billable, payment: payable::Paid<'_>) -> ApiResult<()> {
    let now = tx.now();
    payable::set_paid(tx, commande.id, payment, now).await?;
    let step = Move { to: life::after_payment(commande.statut), by: SYSTEM, told: false };
    moves::move_to(tx, commande.id, step).await?;
    Ok(())
}

fn order_ref(commande: &Billable) -> OrderRef {
    OrderRef::new(commande.id, commande.reference.clone(), commande.titre.clone())
}

/// A second session of an order that is paid already: the money is noted for the books, nothing
/// else happens twice, and the administrators are told to give it back.
pub(super) async fn paid_again(tx: &mut Tx, commande_id: Uuid, paid: &Paid<'_>) -> ApiResult<()> {
    books::note(tx, commande_id, None, paid).await?;
    let commande = payable::lock(tx, commande_id).await?;
    let named =
        commande.map(|commande| format!(" {} « {} »", order_ref(&commande).reference, commande.titre));
    let message = format!(
        "La commande{} était déjà payée lorsqu’un second paiement est arrivé. Il est à rembourser.",
        named.unwrap_or_default()
    );
    alert(tx, paid.session_id, "Une commande a été payée deux fois", message).await
}

/// Notes that the buyer ticked the box of the payment page, if there was one.
async fn consent(tx: &mut Tx, commande_id: Uuid, email: &str, paid: &Paid<'_>) -> ApiResult<()> {
    if !paid.session.has_consent() {
        return Ok(());
    }
    let typed = paid.session.customer_details.as_ref().and_then(|details| details.email.as_deref());
    let request = express::Request {
        source: express::Source::Checkout,
        at: paid.paid_at,
        terms_version: paid.session.metadata.get(TERMS_VERSION).map_or("", String::as_str),
        email: typed.filter(|email| email.chars().count() <= EMAIL_MAX).unwrap_or(email),
    };
    Ok(express::record(tx, express::Of::Commande(commande_id), request, paid.now).await?)
}

/// Tells the administrators of an amount other than the page's, or than what the order costs now. It is booked and
/// invoiced as it was paid.
async fn compare(tx: &mut Tx, titre: &str, due: Option<i32>, paid: &Paid<'_>) -> ApiResult<()> {
    let due = due.map(i64::from);
    let asked = i64::from(paid.page.amount);
    if paid.amount == asked && due == Some(asked) {
        return Ok(());
    }
    let due = due.map_or_else(|| "n’a pas de prix".to_owned(), |due| format!("coûte {}", french(due)));
    let message = format!(
        "Le client a payé {} pour « {titre} » ; la page de paiement demandait {} et la commande {due}. La facture \
         porte ce qui a été payé.",
        french(paid.amount),
        french(asked),
    );
    let about = format!("{}:amount", paid.session_id);
    alert(tx, &about, "Un montant payé n’est pas celui de la commande", message).await
}

async fn alert(tx: &mut Tx, about: &str, title: &str, message: String) -> ApiResult<()> {
    let about = about.to_owned();
    let title = title.to_owned();
    let alert = PaymentAlert { trouble: Trouble::Anomaly, about, title, message, action_path: ORDERS };
    Ok(events::record(tx, alert).await?)
}
