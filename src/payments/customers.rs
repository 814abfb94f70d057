//! Stripe's customers: one for each account that keeps a card, made when its first one is to be saved.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    departures::{self, Kind},
    methods::refused_card,
    stripe::{NewCustomer, StripeFailure},
};
use crate::{
    app::AppState,
    auth::SessionUser,
    http::error::{ApiError, ApiResult},
    users::customers as accounts,
};

/// What Stripe calls the customer of an account, who is made there the first time.
///
/// # Errors
/// 404 when the account is gone, 503 when Stripe is away.
pub async fn of(state: &AppState, user: &SessionUser) -> ApiResult<String> {
    match known(state, user.id).await? {
        Some(customer) => Ok(customer),
        None => make(state, user, None).await,
    }
}

/// Another customer for an account whose own is not at Stripe any more.
///
/// # Errors
/// As [`of`].
pub async fn replace(state: &AppState, user: &SessionUser, lost: &str) -> ApiResult<String> {
    forget(state, user.id, lost).await?;
    make(state, user, Some(lost)).await
}

/// Forgets a customer that is not at Stripe any more.
///
/// # Errors
/// When the database refuses.
pub async fn forget(state: &AppState, user_id: Uuid, lost: &str) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    Ok(accounts::forget(&mut conn, user_id, lost, state.clock.now()).await?)
}

/// Whether Stripe refused a call because it has no such customer: deleted there, or of another account of Stripe's.
pub fn is_unknown(failure: &StripeFailure) -> bool {
    match failure {
        StripeFailure::Refused { code, param, .. } => {
            code.as_deref() == Some("resource_missing") && param.as_deref() == Some("customer")
        }
        _ => false,
    }
}

async fn known(state: &AppState, user_id: Uuid) -> ApiResult<Option<String>> {
    let mut conn = state.db.conn().await?;
    Ok(accounts::stripe_id(&mut conn, user_id).await?)
}

/// Of several requests at once all ask for the same customer: they share a key. One that was asked for otherwise
/// meanwhile, under another name or address, leaves again.
async fn make(state: &AppState, user: &SessionUser, lost: Option<&str>) -> ApiResult<String> {
    let name = user.full_name();
    let source = state.config.stripe.source();
    let new = NewCustomer { email: &user.email, name: &name, user_id: user.id, source };
    let made = state.stripe.create_customer(key(&new, lost), &new).await.map_err(refused_card)?;
    let mut tx = state.begin().await?;
    let now = tx.now();
    let kept = accounts::keep(&mut tx, user.id, &made, now).await?;
    if kept.as_deref() != Some(made.as_str()) {
        departures::queue(&mut tx, Kind::Customer, &made, now).await?;
    }
    tx.commit().await?;
    kept.ok_or_else(|| ApiError::not_found("Ce compte n’existe plus."))
}

/// The same for the same request.
fn key(new: &NewCustomer<'_>, lost: Option<&str>) -> Uuid {
    let mut digest = Sha256::new_with_prefix(b"customer");
    for part in [&new.user_id.to_string(), new.email, new.name, new.source, lost.unwrap_or_default()] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
