//! Opening payment pages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{
    customers,
    event::SessionStatus,
    lines, methods,
    refused::refused,
    store::{self, SessionRow, SessionState},
    stripe::{NewSession, OpenedSession, session_expiry},
};
use crate::{
    app::AppState,
    clock::new_id,
    commandes::{
        PaymentStatus,
        payable::{self, Payable},
        pending,
    },
    config::Terms,
    db,
    events::Tx,
    http::error::{ApiError, ApiResult},
    tarifs::service as tarifs,
};

/// What is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An order that exists only once it is paid.
    Pending(Uuid),
    /// An unpaid order.
    Commande(Uuid),
}

/// The pair that says which text of the terms a page showed.
pub(super) const TERMS_VERSION: &str = "termsVersion";

/// A payment page.
pub struct OpenedCheckout {
    /// Stripe's id of the session.
    pub session_id: String,
    /// Where to send the customer.
    pub url: String,
}

/// A payment page to be opened: our row of it, whose id is the idempotency key.
pub struct Page {
    id: Uuid,
    target: Target,
    amount: i32,
    expires_at: DateTime<Utc>,
}

/// Opens a payment page for an order. Earlier pages of the order stay valid.
///
/// # Errors
/// 404 without the order, 400 when it needs no payment, what [`open`] refuses; the caller's order is left as it was.
pub async fn open_checkout(state: &AppState, target: Target) -> ApiResult<OpenedCheckout> {
    let page = db::with_retry(|| async {
        let mut tx = state.begin().await?;
        let page = reserve(&mut tx, target).await?;
        tx.commit().await?;
        Ok::<_, ApiError>(page)
    })
    .await?;
    open(state, &page).await
}

/// Notes a payment page to be opened, before Stripe is asked: a webhook faster than Stripe's answer finds the row, and
/// whoever repeats the call gets the same page. The order is locked meanwhile: a change of its price closes the pages
/// it finds.
///
/// # Errors
/// 404 without the order, 400 when it needs no payment.
pub async fn reserve(tx: &mut Tx, target: Target) -> ApiResult<Page> {
    if let Target::Commande(id) = target {
        payable::lock(tx, id).await?;
    }
    let payable = payable(tx, target).await?;
    let amount = payable.amount.filter(|amount| *amount > 0).ok_or_else(|| {
        ApiError::bad_request("AMOUNT_UNKNOWN", "Le prix de cette commande n’est pas encore fixé.")
    })?;
    let items = lines::sold(&payable, &tarifs::page_prices(tx).await?, amount.into());
    let now = tx.now();
    let page = Page { id: new_id(), target, amount, expires_at: session_expiry(now) };
    let (commande_id, pending_commande_id) = match target {
        Target::Pending(id) => (None, Some(id)),
        Target::Commande(id) => (Some(id), None),
    };
    let row = SessionRow {
        id: page.id,
        session_id: None,
        commande_id,
        pending_commande_id,
        amount,
        items: Some(Json(serde_json::to_value(items).map_err(ApiError::internal)?)),
        status: SessionState::Creating,
        created_at: now,
        expires_at: page.expires_at,
    };
    store::insert_session(tx, &row).await?;
    Ok(page)
}

/// Opens a reserved page, or gives it once more. A page that cannot be given to its customer is closed.
///
/// # Errors
/// 400 `PAYMENT_REFUSED`, 503 when Stripe is away, 500 when the fault is ours.
pub async fn open(state: &AppState, page: &Page) -> ApiResult<OpenedCheckout> {
    let (payable, customer) = {
        let mut conn = state.db.conn().await?;
        let payable = payable(&mut conn, page.target).await?;
        let customer = methods::customer_with_cards(&mut conn, payable.user_id).await?;
        (payable, customer)
    };
    let user_id = payable.user_id;
    let new = new_session(state, page, payable);
    let mut opened =
        state.stripe.create_session(NewSession { customer: customer.clone(), ..new.clone() }).await;
    if let (Err(failure), Some(customer), Some(user_id)) = (&opened, customer, user_id)
        && customers::is_unknown(failure)
    {
        customers::forget(state, user_id, &customer).await?;
        opened = state.stripe.create_session(new).await;
    }
    match opened {
        Ok(session) => given(state, page, session).await,
        Err(failure) => {
            let mut conn = state.db.conn().await?;
            store::set_not_opened(&mut conn, page.id, state.clock.now()).await?;
            Err(refused(failure))
        }
    }
}

/// The page of an order that stands open, else a new one.
///
/// # Errors
/// As [`open_checkout`], and 400 `PAYMENT_UNDER_WAY` when its customer is through.
pub async fn page_again(state: &AppState, target: Target) -> ApiResult<OpenedCheckout> {
    let standing = {
        let mut conn = state.db.conn().await?;
        store::standing_page(&mut conn, target, state.clock.now()).await?
    };
    let Some(standing) = standing else { return open_checkout(state, target).await };
    let Some(session_id) = standing.session_id else {
        let page = Page { id: standing.id, target, amount: standing.amount, expires_at: standing.expires_at };
        return open(state, &page).await;
    };
    let session = state.stripe.session(&session_id).await.map_err(refused)?;
    match (session.status, session.url) {
        (SessionStatus::Open, Some(url)) => Ok(OpenedCheckout { session_id, url }),
        (SessionStatus::Complete, _) => Err(ApiError::bad_request(
            "PAYMENT_UNDER_WAY",
            "Le paiement de cette commande est en cours de traitement.",
        )),
        _ => open_checkout(state, target).await,
    }
}

async fn payable(conn: &mut MySqlConnection, target: Target) -> ApiResult<Payable> {
    let payable = match target {
        Target::Pending(id) => payable::payable_pending(conn, id).await?,
        Target::Commande(id) => payable::payable_commande(conn, id).await?.map(|(payable, _)| payable),
    };
    payable.ok_or_else(|| ApiError::not_found("Commande introuvable."))
}

fn new_session(state: &AppState, page: &Page, payable: Payable) -> NewSession {
    let site = state.config.site();
    NewSession {
        idempotency_key: page.id,
        amount: page.amount.into(),
        metadata: metadata(state, page.target, &payable),
        product_description: described(&payable),
        product_name: payable.titre,
        customer_email: payable.email,
        customer: None,
        consent: state.config.terms.as_ref().map(Terms::sentence),
        success_url: format!("{site}/payment-success?session_id={{CHECKOUT_SESSION_ID}}"),
        cancel_url: format!("{site}/payment/cancel"),
        expires_at: page.expires_at,
    }
}

/// The line under the title: the service, and what people call the order.
fn described(payable: &Payable) -> Option<String> {
    let order = payable.reference.as_ref().map(|reference| format!("Commande {reference}"));
    let parts: Vec<String> = payable.service.iter().cloned().chain(order).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// What Stripe sends back with every event. `commandeId` is the pending order's until it is paid,
/// as the former platform wrote it.
fn metadata(state: &AppState, target: Target, payable: &Payable) -> BTreeMap<String, String> {
    let (commande, pending) = match target {
        Target::Pending(id) => (id, Some(id)),
        Target::Commande(id) => (id, None),
    };
    let mut metadata = BTreeMap::from([
        ("source".to_owned(), state.config.stripe.source().to_owned()),
        ("commandeId".to_owned(), commande.to_string()),
        ("userId".to_owned(), payable.user_id.unwrap_or(commande).to_string()),
    ]);
    if let Some(pending) = pending {
        metadata.insert("pendingCommandeId".to_owned(), pending.to_string());
    }
    if let Some(terms) = &state.config.terms {
        metadata.insert(TERMS_VERSION.to_owned(), terms.version.clone());
    }
    if let Some(reference) = &payable.reference {
        metadata.insert("reference".to_owned(), reference.clone());
    }
    metadata
}

/// Notes what Stripe answered. When that cannot be noted, or the order is gone meanwhile, nobody gets the page.
async fn given(state: &AppState, page: &Page, session: OpenedSession) -> ApiResult<OpenedCheckout> {
    match note_opened(state, page, &session).await {
        Ok(true) => Ok(OpenedCheckout { session_id: session.id, url: session.url }),
        Ok(false) => {
            shut(state, &session.id).await;
            Err(ApiError::unavailable())
        }
        Err(error) => {
            shut(state, &session.id).await;
            Err(error)
        }
    }
}

/// Whether the page is open for its order.
async fn note_opened(state: &AppState, page: &Page, session: &OpenedSession) -> ApiResult<bool> {
    let mut conn = state.db.conn().await?;
    let now = state.clock.now();
    if !store::set_opened(&mut conn, page.id, &session.id, now).await? {
        return Ok(false);
    }
    match page.target {
        Target::Commande(id) => payable::set_not_paid(&mut conn, id, PaymentStatus::Unpaid, now).await?,
        Target::Pending(id) => pending::set_waiting(&mut conn, id, now).await?,
    }
    Ok(true)
}

/// Closes a page at Stripe that nobody was given. When that fails it lapses by itself.
async fn shut(state: &AppState, session_id: &str) {
    if let Err(error) = state.stripe.expire_session(session_id).await {
        tracing::warn!(%error, session_id, "a payment page nobody was given is left to lapse");
    }
}
