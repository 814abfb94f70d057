//! Asking Stripe itself about sessions that nobody told us of: a lost webhook loses no payment.

use super::{
    event::{CheckoutSession, SessionStatus},
    failures, settlement,
    store::{self, SessionRow, SessionState},
    stripe::StripeFailure,
};
use crate::{
    app::AppState,
    commandes::payable,
    db,
    http::error::{ApiError, ApiResult},
};

pub use super::store::OpenSessions;

const BATCH: u32 = 50;

/// Re-reads the sessions that have been open for a while; tells how many were settled.
///
/// # Errors
/// When the database cannot be asked. A Stripe that does not answer is asked again next time.
pub async fn run(state: &AppState) -> ApiResult<usize> {
    let mut settled = 0;
    loop {
        let sessions = store::claim_unchecked(&state.db, state.clock.now(), BATCH).await?;
        if sessions.is_empty() {
            return Ok(settled);
        }
        for session in sessions {
            match check(state, &session).await {
                Ok(true) => settled += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(session = %session.id, code = error.code(), "a Checkout session could not be checked");
                }
            }
        }
    }
}

/// True when the session was settled now.
async fn check(state: &AppState, row: &SessionRow) -> ApiResult<bool> {
    let Some(session_id) = row.session_id.as_deref() else {
        // Its customer never got the link: Stripe did not answer when it was made.
        return close(state, row, SessionState::Failed).await.map(|()| false);
    };
    match state.stripe.session(session_id).await {
        Ok(session) => apply(state, row, &session).await,
        Err(StripeFailure::NotFound) => close(state, row, SessionState::Failed).await.map(|()| false),
        Err(failure) => Err(ApiError::stripe_unavailable().caused_by(failure)),
    }
}

async fn apply(state: &AppState, row: &SessionRow, session: &CheckoutSession) -> ApiResult<bool> {
    if session.is_settled() || session.status == SessionStatus::Complete {
        return settle(state, session).await;
    }
    if session.status == SessionStatus::Expired {
        return close(state, row, SessionState::Expired).await.map(|()| false);
    }
    let paid_elsewhere = {
        let mut conn = state.db.conn().await?;
        payable::is_paid(&mut conn, row.commande_id, row.pending_commande_id).await?
    };
    if paid_elsewhere {
        // Nobody shall pay the same order twice.
        state
            .stripe
            .expire_session(&session.id)
            .await
            .map_err(|f| ApiError::stripe_unavailable().caused_by(f))?;
        close(state, row, SessionState::Expired).await?;
    }
    Ok(false)
}

/// Settles a session outside of a webhook; true when that was news.
///
/// # Errors
/// When the database refuses.
pub async fn settle(state: &AppState, session: &CheckoutSession) -> ApiResult<bool> {
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        let outcome = settlement::settle(&mut tx, state, session).await?;
        tx.commit().await?;
        Ok(outcome == settlement::Outcome::Settled)
    })
    .await
}

async fn close(state: &AppState, row: &SessionRow, end: SessionState) -> ApiResult<()> {
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        failures::close(&mut tx, state, row, end).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await
}
