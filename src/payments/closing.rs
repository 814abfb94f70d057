//! Closing payment pages at Stripe that nobody shall pay any more: their order went, or costs something else now. Rows
//! say which; the calls come after the transaction that wrote them.

use super::{
    event::{CheckoutSession, SessionStatus},
    reconcile,
    store::{self, SessionRow, SessionState},
    stripe::StripeFailure,
};
use crate::{
    app::AppState,
    db::lease::{self, Lease},
    http::error::{ApiError, ApiResult},
};

pub use super::store::Closings;

const BATCH: u32 = 20;

/// Closes the pages that are due; tells how many were. The first outage ends the round.
///
/// # Errors
/// When the database cannot be asked.
pub async fn run(state: &AppState) -> ApiResult<usize> {
    let mut closed = 0;
    loop {
        let due: Vec<Lease<Closings>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(closed);
        }
        for lease in due {
            match close(state, &lease).await {
                Ok(()) => closed += 1,
                Err(error) => {
                    postpone(state, &lease, &error).await?;
                    if reconcile::is_outage(&error) {
                        return Ok(closed);
                    }
                }
            }
        }
    }
}

async fn close(state: &AppState, lease: &Lease<Closings>) -> ApiResult<()> {
    let row = {
        let mut conn = state.db.conn().await?;
        store::session(&mut conn, lease.id).await?
    };
    let Some(row) = row else { return Ok(()) };
    let Some(session_id) = row.session_id.as_deref() else {
        // Stripe has not answered yet; if it never does, the reconcile job ends the row.
        return Err(ApiError::internal(anyhow::anyhow!("the page is not open yet")));
    };
    match state.stripe.expire_session(session_id).await {
        Ok(_) | Err(StripeFailure::NotFound) => reconcile::end(state, &row, SessionState::Expired).await,
        // Not open any more: paid, or closed by itself.
        Err(StripeFailure::Refused { .. }) => follow(state, &row, session_id).await,
        Err(failure) => Err(reconcile::failed(failure)),
    }
}

/// Applies what became of a page that could not be closed.
async fn follow(state: &AppState, row: &SessionRow, session_id: &str) -> ApiResult<()> {
    let session: CheckoutSession = state.stripe.session(session_id).await.map_err(reconcile::failed)?;
    if session.status == SessionStatus::Expired {
        return reconcile::end(state, row, SessionState::Expired).await;
    }
    reconcile::conclude(state, row, &session).await?;
    let mut conn = state.db.conn().await?;
    Ok(store::forget_closing(&mut conn, row.id).await?)
}

async fn postpone(state: &AppState, lease: &Lease<Closings>, error: &ApiError) -> ApiResult<()> {
    tracing::warn!(session = %lease.id, %error, "a payment page could not be closed; it will be tried again");
    let mut conn = state.db.conn().await?;
    lease.fail(&mut conn, state.clock.now(), &error.keepable()).await?;
    Ok(())
}
