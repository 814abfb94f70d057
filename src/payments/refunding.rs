//! Asking Stripe to give money back. A row comes first and is the idempotency key of the call; the credit note follows from
//! Stripe's own event ([`super::refunds`]), whoever asked.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    store::{self, Refundable},
    stripe::StripeFailure,
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    clock::new_id,
    db::{
        Backoff,
        lease::{self, Lease, Queue},
        with_retry,
    },
    events::Tx,
    http::{ApiError, ApiResult},
};

const BATCH: u32 = 20;

/// The same amount of the same order asked for again within this time is the same click.
const SAME: TimeDelta = TimeDelta::minutes(1);

/// Requests that Stripe has not answered.
pub enum Requests {}

impl Queue for Requests {
    type Id = Uuid;
    const TABLE: &'static str = "refund_requests";
    const INDEX: &'static str = "refund_requests_due";
    const LEASE: TimeDelta = TimeDelta::minutes(2);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::hours(6));
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, serde::Serialize, utoipa::ToSchema)]
#[sqlx(rename_all = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = RefundState)]
pub enum State {
    /// Stripe has not answered yet: it is asked again by itself.
    Requested,
    /// Stripe gives the money back.
    Sent,
    /// Stripe refused.
    Refused,
}

/// A request, as far as it went.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The row.
    pub id: Uuid,
    /// Cents.
    pub amount: i64,
    /// Cents that can still be given back after it.
    pub left: i64,
    /// What became of it.
    pub state: State,
}

/// What giving money back would do.
#[derive(Clone, Copy, Debug)]
pub struct Preview {
    /// The invoice that a credit note would correct.
    pub invoice_id: Option<Uuid>,
    /// Cents paid.
    pub paid: i64,
    /// Cents given back, or asked back, so far.
    pub given_back: i64,
    /// Cents that would be given back.
    pub amount: i64,
}

/// Looks at what giving `amount` cents of an order back would do; all that is left without one.
///
/// # Errors
/// 404 without the order; 409 `NOTHING_TO_REFUND`; 400 for more than is left.
pub async fn preview(state: &AppState, commande_id: Uuid, amount: Option<i64>) -> ApiResult<Preview> {
    let mut tx = state.db.begin().await?;
    let judged = judge(&mut tx, commande_id, amount).await;
    tx.rollback().await?;
    judged.map(|(_, preview)| preview)
}

async fn judge(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
    amount: Option<i64>,
) -> ApiResult<(Refundable, Preview)> {
    let known = sqlx::query_scalar!("SELECT COUNT(*) FROM commandes WHERE id = ?", commande_id);
    if known.fetch_one(&mut *conn).await? == 0 {
        return Err(ApiError::not_found("Cette commande n’existe pas."));
    }
    let nothing = || {
        let message = "Il n’y a rien à rembourser sur cette commande.";
        ApiError::conflict("NOTHING_TO_REFUND", message)
    };
    let payment = store::refundable(conn, commande_id).await?.ok_or_else(nothing)?;
    let paid = i64::from(payment.paid);
    // What was asked for and has not come back as an event counts too; Stripe itself never gives back more than was paid.
    let given_back = payment.given_back.max(asked(conn, &payment.intent).await?);
    let left = paid - given_back;
    let amount = amount.unwrap_or(left);
    match amount {
        _ if left <= 0 => Err(nothing()),
        1.. if amount <= left => {
            let preview = Preview { invoice_id: payment.invoice_id, paid, given_back, amount };
            Ok((payment, preview))
        }
        _ => {
            let message = format!("Le montant doit être compris entre 1 et {left} centimes.");
            Err(ApiError::invalid_field("amount", message))
        }
    }
}

/// Cents asked back of a payment that Stripe did not refuse.
async fn asked(conn: &mut MySqlConnection, intent: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) AS "sum!: i64" FROM refund_requests
           WHERE payment_intent = ? AND state <> 'REFUSED'"#,
        intent
    )
    .fetch_one(conn)
    .await
}

/// Gives `amount` cents of an order back, or all that is left. Where Stripe is away the request stays and is sent later; the
/// same click twice is one request.
///
/// # Errors
/// Those of [`preview`]; 409 `REFUND_REFUSED` when Stripe refuses.
pub async fn refund(
    state: &AppState,
    by: &SessionUser,
    commande_id: Uuid,
    amount: Option<i64>,
    reason: Option<&str>,
) -> ApiResult<Request> {
    let request = with_retry(|| async {
        let mut tx = state.begin().await?;
        let request = ask(&mut tx, by, commande_id, amount, reason).await?;
        tx.commit().await?;
        Ok::<_, ApiError>(request)
    })
    .await?;
    let Some(until) = request.1 else { return Ok(request.0) };
    let lease = Lease { id: request.0.id, attempts: 0, until };
    let state_now = send(state, &lease).await?;
    match state_now {
        State::Refused => Err(ApiError::conflict(
            "REFUND_REFUSED",
            "Stripe refuse ce remboursement. Le tableau de bord de Stripe en donne la raison.",
        )),
        state => Ok(Request { state, ..request.0 }),
    }
}

/// Writes the request, ours for the time of a lease; one that stands already is given as it is.
async fn ask(
    tx: &mut Tx,
    by: &SessionUser,
    commande_id: Uuid,
    amount: Option<i64>,
    reason: Option<&str>,
) -> ApiResult<(Request, Option<chrono::DateTime<chrono::Utc>>)> {
    let now = tx.now();
    // The payment is locked by this: two clicks take turns.
    let payment = store::refundable(tx, commande_id).await?;
    if let Some(payment) = &payment {
        let same = sqlx::query!(
            r#"SELECT id AS "id: Uuid", amount, state AS "state: State" FROM refund_requests
               WHERE payment_intent = ? AND created_at > ? AND state <> 'REFUSED' ORDER BY created_at DESC LIMIT 1"#,
            payment.intent,
            now - SAME
        )
        .fetch_optional(&mut **tx)
        .await?;
        let left = i64::from(payment.paid) - payment.given_back.max(asked(tx, &payment.intent).await?);
        // All that is left is the same only while nothing is left: after a part it means the rest.
        let is_same = |first: i32| amount.map_or(left <= 0, |amount| amount == i64::from(first));
        if let Some(same) = same.filter(|same| is_same(same.amount)) {
            let request = Request { id: same.id, amount: same.amount.into(), left, state: same.state };
            return Ok((request, None));
        }
    }
    let (payment, preview) = judge(tx, commande_id, amount).await?;
    let (id, until) = (new_id(), now + Requests::LEASE);
    sqlx::query!(
        "INSERT INTO refund_requests (id, commande_id, payment_intent, amount, reason, requested_by, next_attempt_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        commande_id,
        payment.intent,
        preview.amount,
        reason,
        by.id,
        until,
        now
    )
    .execute(&mut **tx)
    .await?;
    let details = json!({ "amount": preview.amount, "reason": reason });
    audit::record(tx, acts::REFUND_REQUESTED, &by.email, commande_id, details).await?;
    let left = preview.paid - preview.given_back - preview.amount;
    Ok((Request { id, amount: preview.amount, left, state: State::Requested }, Some(until)))
}

/// Sends the requests that are due; tells how many went. The first outage ends the round.
///
/// # Errors
/// When the database cannot be asked.
pub async fn run(state: &AppState) -> ApiResult<usize> {
    let mut sent = 0;
    loop {
        let due: Vec<Lease<Requests>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(sent);
        }
        for lease in due {
            match send(state, &lease).await? {
                State::Requested => return Ok(sent),
                State::Sent | State::Refused => sent += 1,
            }
        }
    }
}

async fn send(state: &AppState, lease: &Lease<Requests>) -> ApiResult<State> {
    let row = {
        let mut conn = state.db.conn().await?;
        sqlx::query!("SELECT payment_intent, amount FROM refund_requests WHERE id = ?", lease.id)
            .fetch_one(&mut *conn)
            .await?
    };
    let told = state.stripe.refund(lease.id, &row.payment_intent, Some(row.amount.into())).await;
    let mut conn = state.db.conn().await?;
    match told {
        Ok(refund) => end(&mut conn, lease, State::Sent, Some(&refund.id), None).await,
        // A key that Stripe does not accept says nothing about the refund: it waits for a better one.
        Err(StripeFailure::Refused { status, .. }) if !matches!(status, 401 | 403) => {
            refused(&mut conn, lease).await
        }
        Err(StripeFailure::NotFound) => refused(&mut conn, lease).await,
        Err(failure) => {
            tracing::warn!(request = %lease.id, %failure, "a refund could not be sent; it will be tried again");
            lease.fail(&mut conn, state.clock.now(), &failure.to_string()).await?;
            Ok(State::Requested)
        }
    }
}

async fn refused(conn: &mut MySqlConnection, lease: &Lease<Requests>) -> ApiResult<State> {
    tracing::warn!(request = %lease.id, "Stripe refuses a refund");
    end(conn, lease, State::Refused, None, Some("refused by Stripe")).await
}

async fn end(
    conn: &mut MySqlConnection,
    lease: &Lease<Requests>,
    state: State,
    stripe_id: Option<&str>,
    cause: Option<&str>,
) -> ApiResult<State> {
    sqlx::query!(
        "UPDATE refund_requests SET state = ?, stripe_id = ?, last_error = ?, next_attempt_at = NULL WHERE id = ?",
        state,
        stripe_id,
        cause,
        lease.id
    )
    .execute(conn)
    .await?;
    Ok(state)
}
