//! Payment pages.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::stripe::{NewSession, session_expiry};
use crate::{
    app::AppState,
    clock::new_id,
    http::{ApiError, ApiResult},
};

/// What a payment page is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An order waiting for its first payment.
    Pending(Uuid),
    /// An order that exists.
    Commande(Uuid),
}

/// A payment page that is open.
#[derive(Clone, Debug)]
pub struct OpenedCheckout {
    /// Stripe's id of the session.
    pub session_id: String,
    /// Where to send the customer.
    pub url: String,
}

/// Opens a payment page.
///
/// # Errors
/// 503 when the payment provider is away.
pub async fn open_checkout(state: &AppState, target: Target) -> ApiResult<OpenedCheckout> {
    let Target::Pending(pending) = target else { return Err(ApiError::unavailable()) };
    let now = state.clock.now();
    let (id, expires_at) = (new_id(), session_expiry(now));
    let mut conn = state.db.conn().await?;
    let order =
        sqlx::query!("SELECT email, amount, titre FROM pending_commandes WHERE id = ?", pending).fetch_one(&mut *conn).await?;
    sqlx::query!(
        "INSERT INTO checkout_sessions (id, pending_commande_id, amount, status, expires_at, checked_at, created_at, updated_at)
         VALUES (?, ?, ?, 'OPEN', ?, ?, ?, ?)",
        id, pending, order.amount, expires_at, now, now, now
    )
    .execute(&mut *conn)
    .await?;
    let session = NewSession {
        idempotency_key: id,
        amount: order.amount.into(),
        product_name: order.titre.unwrap_or_default(),
        product_description: None,
        customer_email: order.email,
        success_url: format!("{}/payment-success?session_id={{CHECKOUT_SESSION_ID}}", state.config.frontend_urls[0]),
        cancel_url: format!("{}/payment/cancel", state.config.frontend_urls[0]),
        expires_at,
        metadata: BTreeMap::new(),
    };
    let opened = state.stripe.create_session(session).await;
    let opened = opened.map_err(|failure| ApiError::stripe_unavailable().caused_by(failure))?;
    Ok(OpenedCheckout { session_id: opened.id, url: opened.url })
}
