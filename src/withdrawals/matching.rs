//! Finding the order of a declaration, after it was answered: neither the answer nor its time depends on it.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    number::{self, Named},
    service,
    store::{self, Withdrawal},
    told::WithdrawalUnmatched,
};
use crate::{
    app::AppState,
    commandes::withdrawing,
    db::{
        lease::{self, Lease},
        with_retry,
    },
    events,
    http::{ApiError, ApiResult},
    invoices,
};

pub use super::store::Unmatched;

const BATCH: u32 = 20;

/// Looks for the orders of new declarations; tells how many were looked at.
///
/// # Errors
/// When the database is away.
pub async fn run(state: &AppState) -> ApiResult<u64> {
    let mut looked_at = 0;
    loop {
        let due: Vec<Lease<Unmatched>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(looked_at);
        }
        for lease in due {
            match with_retry(|| settle(state, &lease)).await {
                Ok(()) => looked_at += 1,
                Err(error) => {
                    tracing::warn!(withdrawal = %lease.id, %error, "the order of a withdrawal could not be looked for");
                    let mut conn = state.db.conn().await?;
                    lease.fail(&mut conn, state.clock.now(), &error.keepable()).await?;
                }
            }
        }
    }
}

async fn settle(state: &AppState, lease: &Lease<Unmatched>) -> ApiResult<()> {
    let mut tx = state.begin().await?;
    if !lease.hold(&mut tx).await? {
        return Ok(());
    }
    let Some(withdrawal) = store::lock(&mut tx, lease.id).await? else { return Ok(()) };
    let found = match order_of(&mut tx, &withdrawal).await? {
        Some(id) => withdrawing::lock(&mut tx, id).await?,
        None => None,
    };
    match found {
        Some(order) => service::attach(&mut tx, &withdrawal, &order).await?,
        None => {
            let now = tx.now();
            store::leave_to_team(&mut tx, withdrawal.id, now).await?;
            events::record(&mut tx, WithdrawalUnmatched::of(&withdrawal)).await?;
        }
    }
    tx.commit().await.map_err(ApiError::from)
}

/// By its number, if it is of the same address. The address alone is not enough: anybody may know it.
async fn order_of(conn: &mut MySqlConnection, withdrawal: &Withdrawal) -> Result<Option<Uuid>, sqlx::Error> {
    let Named { reference, invoice } = number::read(withdrawal.numero.as_deref().unwrap_or_default());
    if let Some(reference) = reference
        && let Some(id) = withdrawing::of_reference(conn, &reference, &withdrawal.email).await?
    {
        return Ok(Some(id));
    }
    match invoice {
        Some(number) => invoices::order_of_number(conn, &number, &withdrawal.email).await,
        None => Ok(None),
    }
}
