//! What the documents of orders that bring nothing may take: those of unpaid orders together, and those of one person's
//! offered orders.

use uuid::Uuid;

use super::purge::{self, Spared};
use crate::{
    app::AppState,
    commandes::sizes::{self, Unpaid},
    files::{quota::judge_offered, store::room},
    http::{ApiError, ApiResult},
    payments::service as payments,
};

const MEBIBYTE: u64 = 1 << 20;

/// Unpaid orders looked at per round.
const BATCH: u32 = 50;

/// Makes room for the documents of one more unpaid order: the oldest unpaid ones leave first. Those whose money is on its
/// way stay.
///
/// # Errors
/// 503 `STORAGE_UNAVAILABLE` when there is no room all the same, or when the database is away.
pub(super) async fn make_room(state: &AppState, bytes: u64) -> ApiResult<()> {
    let limit = state.config.storage.unpaid_mb.saturating_mul(MEBIBYTE);
    if bytes == 0 {
        return Ok(());
    }
    let mut last = None;
    loop {
        let (taken, oldest) = {
            let mut conn = state.db.conn().await?;
            (sizes::unpaid(&mut conn).await?, sizes::oldest_unpaid(&mut conn, last, BATCH).await?)
        };
        let mut excess = taken.saturating_add(bytes).saturating_sub(limit);
        if excess == 0 {
            return Ok(());
        }
        if oldest.is_empty() {
            return Err(ApiError::storage_full());
        }
        for order in oldest {
            if excess == 0 {
                break;
            }
            last = Some(order.id);
            if evict(state, &order).await? {
                excess = excess.saturating_sub(order.bytes());
            }
        }
    }
}

/// Takes an unpaid order away: first its payment pages, so that nobody pays what is gone. Whether it went.
async fn evict(state: &AppState, order: &Unpaid) -> ApiResult<bool> {
    let pages = {
        let mut conn = state.db.conn().await?;
        payments::open_pages(&mut conn, order.id).await?
    };
    for page in pages {
        if let Err(error) = state.stripe.expire_session(&page).await {
            // Paid at this moment, or Stripe is away: the order stays.
            tracing::info!(%error, pending = %order.id, "an unpaid order keeps its room");
            return Ok(false);
        }
    }
    purge::discard(state, order.id, Spared::BeingPaid).await?;
    tracing::warn!(pending = %order.id, bytes = order.bytes(), "an unpaid order left: its documents took the room of newer ones");
    Ok(true)
}

/// Judges the documents of one more offered order of an account.
///
/// # Errors
/// 400 `OFFERED_FILES_FULL` when they would exceed what an account may keep for nothing.
pub(super) async fn of_offered(state: &AppState, user_id: Uuid, bytes: u64) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    let taken = room::offered(&mut conn, user_id).await?.bytes();
    judge_offered(taken.saturating_add(bytes))
}

/// The same for an order that its guest confirms: it joins those of the account of its address.
///
/// # Errors
/// As [`of_offered`].
pub(super) async fn of_confirmed(state: &AppState, pending_id: Uuid) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    judge_offered(sizes::offered_with(&mut conn, pending_id).await?)
}
