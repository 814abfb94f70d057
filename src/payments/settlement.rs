//! Settling: the one place where a paid session becomes a paid order, whoever tells of it and
//! however often. All of it is one transaction, the caller's.

mod books;
mod invoicing;
mod orders;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    event::CheckoutSession,
    inbox,
    store::{self, SessionRow, SessionState},
    unmatched::Unmatched,
};
use crate::{
    app::AppState,
    commandes::{moves::FirstPayment, opening, payable, pending},
    db,
    events::Tx,
    http::error::{ApiError, ApiResult},
};

/// What telling of a session led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The order is paid now.
    Settled,
    /// It was already; nothing changed.
    AlreadySettled,
    /// The money is on its way.
    Waiting,
    /// Nothing can be booked.
    Unmatched(Unmatched),
}

/// An order that cost nothing and is final at once.
pub struct FreeOrder {
    /// The order.
    pub commande_id: Uuid,
    /// Where the customer goes.
    pub success_url: String,
}

/// A payment as the settlement needs it. `amount` is cents.
struct Paid<'a> {
    session_id: &'a str,
    amount: i64,
    intent: Option<&'a str>,
    session: &'a CheckoutSession,
    /// What the page asked for.
    page: &'a SessionRow,
    /// When Stripe got the money: the day of the books.
    paid_at: DateTime<Utc>,
    /// Now.
    now: DateTime<Utc>,
}

/// Applies what Stripe says of a session: a paid one, at `paid_at`, settles its order, exactly once.
///
/// # Errors
/// When the database refuses; nothing of it is then done.
pub async fn settle(
    tx: &mut Tx,
    state: &AppState,
    session: &CheckoutSession,
    paid_at: DateTime<Utc>,
) -> ApiResult<Outcome> {
    let reference = session.client_reference_id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    let Some(row) = store::lock_session(tx, &session.id, reference).await? else {
        return Ok(Outcome::Unmatched(Unmatched::Session));
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
    if let Some(why) = not_bookable(&row, session) {
        return Ok(Outcome::Unmatched(why));
    }
    // Before the order: what follows ends with the number of the invoice, whose counter all settlements share.
    store::set_session_state(tx, row.id, SessionState::Paid, now).await?;
    let paid = Paid {
        session_id: &session.id,
        amount: session.amount_total.map_or(row.amount.into(), |amount| amount.get()),
        intent: session.intent(),
        session,
        page: &row,
        paid_at,
        now,
    };
    apply(tx, state, &row, &paid).await?;
    if let Some(intent) = paid.intent {
        inbox::apply_awaiting(tx, state, intent).await?;
    }
    Ok(Outcome::Settled)
}

/// Why money that came cannot go into the books: they are kept in euros, order by order.
fn not_bookable(row: &SessionRow, session: &CheckoutSession) -> Option<Unmatched> {
    let currency = session.currency.as_deref().unwrap_or("?");
    if !currency.eq_ignore_ascii_case("eur") {
        return Some(Unmatched::Currency(currency.chars().take(3).collect()));
    }
    (row.commande_id.is_none() && row.pending_commande_id.is_none()).then_some(Unmatched::OrderGone)
}

async fn apply(tx: &mut Tx, state: &AppState, row: &SessionRow, paid: &Paid<'_>) -> ApiResult<()> {
    if let Some(id) = row.pending_commande_id {
        let pending = pending::lock(tx, id).await?.ok_or_else(|| missing("pending order", id))?;
        return match pending.commande_id {
            None => orders::open(tx, state, &pending, paid).await,
            Some(commande_id) => orders::paid_again(tx, commande_id, paid).await,
        };
    }
    let id = row.commande_id.ok_or_else(|| missing("order of session", row.id))?;
    let commande = payable::lock(tx, id).await?.ok_or_else(|| missing("order", id))?;
    match commande.paid {
        false => orders::pay(tx, state, &commande, paid).await,
        true => orders::paid_again(tx, id, paid).await,
    }
}

fn missing(what: &str, id: Uuid) -> ApiError {
    ApiError::internal(anyhow::anyhow!("the {what} {id} is gone although a session of it was paid"))
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
            None => opening::open(&mut tx, &pending, offered(state.clock.now())).await?.order.id,
        };
        tx.commit().await?;
        Ok::<_, ApiError>(commande_id)
    })
    .await?;
    Ok(FreeOrder { commande_id, success_url: success_url(state) })
}

/// Nothing is owed for what is offered.
fn offered(at: DateTime<Utc>) -> FirstPayment<'static> {
    FirstPayment { amount: 0, session_id: None, at }
}

/// Finishes an existing order that costs nothing, as a payment would; gives the address of the success page.
///
/// # Errors
/// 404 without the order, 409 when it costs something meanwhile.
pub async fn settle_offered(state: &AppState, commande_id: Uuid) -> ApiResult<String> {
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        let commande = payable::lock(&mut tx, commande_id)
            .await?
            .ok_or_else(|| ApiError::not_found("Commande introuvable."))?;
        if commande.paid {
            return Ok(());
        }
        if commande.due != Some(0) {
            return Err(ApiError::conflict("PRICE_CHANGED", "Le prix de cette commande vient de changer."));
        }
        orders::offer(&mut tx, &commande, None, state.clock.now()).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await?;
    Ok(success_url(state))
}

fn success_url(state: &AppState) -> String {
    format!("{}/payment-success", state.config.site())
}
