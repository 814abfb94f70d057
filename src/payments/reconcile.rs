//! Asking Stripe itself about sessions that nobody told us of: a lost webhook loses no payment.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    event::{CheckoutSession, SessionStatus},
    failures,
    settlement::{self, Outcome},
    store::{self, SessionRow, SessionState},
    stripe::StripeFailure,
    unmatched::Unmatched,
};
use crate::{
    app::AppState,
    commandes::payable,
    db,
    events::{self, Tx},
    http::error::{ApiError, ApiResult},
};

pub use super::store::OpenSessions;

const BATCH: u32 = 50;
/// The shortest pause between two questions about a session.
const SHORTEST: TimeDelta = TimeDelta::minutes(15);
/// The longest one: money on its way may take weeks.
const LONGEST: TimeDelta = TimeDelta::hours(12);
/// A session is asked about again after this part of its age.
const PART_OF_AGE: i32 = 4;

/// Re-reads the sessions that have been open for a while; tells how many were settled. The first outage ends the round:
/// a Stripe that does not answer is asked again next time.
///
/// # Errors
/// When the database cannot be asked.
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
                    tracing::warn!(session = %session.id, %error, "a Checkout session could not be checked");
                    if is_outage(&error) {
                        return Ok(settled);
                    }
                }
            }
        }
    }
}

/// Whether Stripe, or the database, is away: the next call would fare no better.
pub fn is_outage(error: &ApiError) -> bool {
    error.status() == axum::http::StatusCode::SERVICE_UNAVAILABLE
}

/// A failed call, as an outage or as a failure about this session alone.
pub fn failed(failure: StripeFailure) -> ApiError {
    match failure {
        StripeFailure::Unavailable(_) => ApiError::stripe_unavailable().caused_by(failure),
        failure => ApiError::internal(failure),
    }
}

/// True when the session was settled now.
async fn check(state: &AppState, row: &SessionRow) -> ApiResult<bool> {
    let Some(session_id) = row.session_id.as_deref() else {
        // Its customer never got the link: Stripe did not answer when it was made.
        return end(state, row, SessionState::Failed).await.map(|()| false);
    };
    match state.stripe.session(session_id).await {
        Ok(session) => {
            let settled = apply(state, row, &session).await?;
            ask_again(state, row).await?;
            Ok(settled)
        }
        Err(StripeFailure::NotFound) => end(state, row, SessionState::Failed).await.map(|()| false),
        Err(failure) => Err(failed(failure)),
    }
}

/// Asks less often as a session ages, but soon after its page must have closed. One that ended is not asked about.
async fn ask_again(state: &AppState, row: &SessionRow) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    Ok(store::set_next_check(&mut conn, row.id, next_check(row, state.clock.now())).await?)
}

fn next_check(row: &SessionRow, now: DateTime<Utc>) -> DateTime<Utc> {
    let by_age = now + ((now - row.created_at) / PART_OF_AGE).clamp(SHORTEST, LONGEST);
    let closed = row.expires_at + SHORTEST;
    if now < closed { by_age.min(closed) } else { by_age }
}

async fn apply(state: &AppState, row: &SessionRow, session: &CheckoutSession) -> ApiResult<bool> {
    if session.is_settled() || session.status == SessionStatus::Complete {
        return conclude(state, row, session).await;
    }
    if session.status == SessionStatus::Expired {
        return end(state, row, SessionState::Expired).await.map(|()| false);
    }
    let paid_elsewhere = {
        let mut conn = state.db.conn().await?;
        payable::is_paid(&mut conn, row.commande_id, row.pending_commande_id).await?
    };
    if paid_elsewhere {
        // Nobody shall pay the same order twice.
        state.stripe.expire_session(&session.id).await.map_err(failed)?;
        end(state, row, SessionState::Expired).await?;
    }
    Ok(false)
}

/// Settles a session, and asks no more about one that cannot be booked; true when it was settled now.
///
/// # Errors
/// When the database refuses.
pub async fn conclude(state: &AppState, row: &SessionRow, session: &CheckoutSession) -> ApiResult<bool> {
    match settle(state, session).await? {
        Outcome::Settled => Ok(true),
        Outcome::AlreadySettled | Outcome::Waiting => Ok(false),
        Outcome::Unmatched(_) => end(state, row, SessionState::Failed).await.map(|()| false),
    }
}

/// Settles a session outside of a webhook, at the instant its money was debited. What cannot be booked is told once.
///
/// # Errors
/// When the database refuses.
pub async fn settle(state: &AppState, session: &CheckoutSession) -> ApiResult<Outcome> {
    let now = state.clock.now();
    let paid_at = session.debited_at().unwrap_or(now).min(now);
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        let outcome = settlement::settle(&mut tx, state, session, paid_at).await?;
        if let Outcome::Unmatched(why) = &outcome {
            tell(&mut tx, session, why).await?;
        }
        tx.commit().await?;
        Ok(outcome)
    })
    .await
}

async fn tell(tx: &mut Tx, session: &CheckoutSession, why: &Unmatched) -> ApiResult<()> {
    Ok(events::record(tx, why.alert(&session.id)).await?)
}

/// Ends a session that will not be paid.
///
/// # Errors
/// When the database refuses.
pub async fn end(state: &AppState, row: &SessionRow, end: SessionState) -> ApiResult<()> {
    db::with_retry(|| async {
        let mut tx = state.begin().await?;
        failures::close(&mut tx, state, row, end).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_old_session_is_asked_about_less_often() {
        let opened = Utc.with_ymd_and_hms(2026, 3, 10, 9, 0, 0).unwrap();
        let row = SessionRow {
            id: Uuid::nil(),
            session_id: None,
            commande_id: None,
            pending_commande_id: None,
            amount: 1,
            items: None,
            status: SessionState::Open,
            created_at: opened,
            expires_at: opened + TimeDelta::hours(24),
        };
        let pause = |minutes| {
            let now = opened + TimeDelta::minutes(minutes);
            (next_check(&row, now) - now).num_minutes()
        };
        assert_eq!([15, 60, 120, 600].map(pause), [15, 15, 30, 150]);
        assert_eq!(pause(23 * 60), 75, "a quarter of an hour after the page closed");
        assert_eq!(pause(25 * 60), 6 * 60 + 15);
        assert_eq!(pause(14 * 24 * 60), 12 * 60);
    }
}
