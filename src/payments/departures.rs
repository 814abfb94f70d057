//! What is to go at Stripe: cards that were removed, customers of erased accounts. Rows say which; the calls come after
//! the transaction that wrote them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::stripe::StripeFailure;
use crate::{
    app::AppState,
    clock::new_id,
    db::{
        Backoff,
        lease::{self, Lease, Queue},
    },
    http::error::ApiResult,
};

const BATCH: u32 = 20;

/// What kind of object is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum Kind {
    /// A card: it is detached from its customer.
    Card,
    /// A customer: it is deleted, and its cards are detached with it.
    Customer,
}

/// The queue.
pub enum Departures {}

impl Queue for Departures {
    type Id = Uuid;
    const TABLE: &'static str = "stripe_departures";
    const INDEX: &'static str = "stripe_departures_due";
    const LEASE: TimeDelta = TimeDelta::minutes(2);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::hours(6));
}

/// Queues an object; one that is queued already stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn queue(
    conn: &mut MySqlConnection,
    kind: Kind,
    stripe_id: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stripe_departures (id, kind, stripe_id, next_attempt_at, created_at) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE kind = stripe_departures.kind",
        new_id(),
        kind,
        stripe_id,
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether an object stays after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// It stays.
    Stays,
    /// It may be going at this moment.
    Leaving,
}

/// Takes an object off the queue, unless somebody may be at it.
///
/// # Errors
/// When the database refuses.
pub async fn recall(
    conn: &mut MySqlConnection,
    stripe_id: &str,
    now: DateTime<Utc>,
) -> Result<Recalled, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM stripe_departures WHERE stripe_id = ? AND (attempts = 0 OR next_attempt_at <= ?)",
        stripe_id,
        now
    )
    .execute(&mut *conn)
    .await?;
    let queued = sqlx::query_scalar!("SELECT COUNT(*) FROM stripe_departures WHERE stripe_id = ?", stripe_id)
        .fetch_one(conn)
        .await?;
    Ok(if queued > 0 { Recalled::Leaving } else { Recalled::Stays })
}

/// Sends away what is due; tells how much went. The first outage ends the round.
///
/// # Errors
/// When the database cannot be asked.
pub async fn run(state: &AppState) -> ApiResult<usize> {
    let mut gone = 0;
    loop {
        let due: Vec<Lease<Departures>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(gone);
        }
        for lease in due {
            match send_away(state, &lease).await? {
                Ok(()) => gone += 1,
                Err(failure) => {
                    postpone(state, &lease, &failure).await?;
                    if matches!(failure, StripeFailure::Unavailable(_)) {
                        return Ok(gone);
                    }
                }
            }
        }
    }
}

async fn send_away(state: &AppState, lease: &Lease<Departures>) -> ApiResult<Result<(), StripeFailure>> {
    let row = {
        let mut conn = state.db.conn().await?;
        sqlx::query!(
            r#"SELECT kind AS "kind: Kind", stripe_id FROM stripe_departures WHERE id = ?"#,
            lease.id
        )
        .fetch_optional(&mut *conn)
        .await?
    };
    let Some(row) = row else { return Ok(Ok(())) };
    let went = match row.kind {
        Kind::Card => state.stripe.detach_card(&row.stripe_id).await,
        Kind::Customer => state.stripe.delete_customer(&row.stripe_id).await,
    };
    match went {
        Ok(()) | Err(StripeFailure::NotFound) => {}
        // A card that nobody has any more, or a customer who went before.
        Err(StripeFailure::Refused { status: 400, .. }) => {}
        Err(failure) => return Ok(Err(failure)),
    }
    let mut conn = state.db.conn().await?;
    sqlx::query!("DELETE FROM stripe_departures WHERE id = ? AND next_attempt_at = ?", lease.id, lease.until)
        .execute(&mut *conn)
        .await?;
    Ok(Ok(()))
}

async fn postpone(state: &AppState, lease: &Lease<Departures>, failure: &StripeFailure) -> ApiResult<()> {
    tracing::warn!(departure = %lease.id, %failure, "an object at Stripe could not be removed; it will be tried again");
    let mut conn = state.db.conn().await?;
    lease.fail(&mut conn, state.clock.now(), &failure.to_string()).await?;
    Ok(())
}
