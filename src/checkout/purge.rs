//! Forgetting orders that nobody paid: one that cannot be paid at once, others after a week.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{
    app::AppState,
    commandes::pending::{self, Place},
    db::with_retry,
    events::{Hint, Tx},
    files::deletions,
    payments::service as payments,
};

/// How long an unpaid order is kept, in days.
const KEPT_DAYS: i64 = 7;

/// Orders looked at per transaction.
const BATCH: u32 = 50;

/// Which orders are left alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Spared {
    /// Those whose money came, or is on its way.
    BeingPaid,
    /// Those that can still be paid, too: somebody else got a page for the same order.
    Payable,
}

/// Takes back an order, unless it is spared: row, documents and objects.
///
/// # Errors
/// When the database is away; [`abandoned`] then takes it later.
pub async fn discard(state: &AppState, id: Uuid, spared: Spared) -> Result<(), sqlx::Error> {
    let keys = with_retry(|| async {
        let mut tx = state.begin().await?;
        if !pending::lock_unpaid(&mut tx, id).await? || is_spared(&mut tx, id, spared).await? {
            return Ok(vec![]);
        }
        let now = state.clock.now();
        payments::part_from_pending(&mut tx, id, now).await?;
        let keys = pending::remove(&mut tx, now, id).await?;
        tx.hint(Hint::Deletions);
        tx.commit().await?;
        Ok::<_, sqlx::Error>(keys)
    })
    .await?;
    deletions::remove_now(state, &keys).await;
    Ok(())
}

async fn is_spared(tx: &mut Tx, id: Uuid, spared: Spared) -> Result<bool, sqlx::Error> {
    match spared {
        Spared::Payable if payments::has_open_session(tx, None, Some(id)).await? => Ok(true),
        _ => payments::is_being_paid(tx, id).await,
    }
}

/// Removes the orders that were never paid in seven days and have no payment page that still could be, with their
/// documents; returns how many. Pages as old as that are first closed at Stripe, by a job, and their orders removed
/// next time. Objects are removed from the storage afterwards.
///
/// # Errors
/// When the database is away.
pub async fn abandoned(state: &AppState) -> anyhow::Result<u64> {
    let before = state.clock.now() - Duration::days(KEPT_DAYS);
    let (mut purged, mut place) = (0, None);
    loop {
        let batch = with_retry(|| purge_batch(state, before, place)).await?;
        purged += batch.removed;
        place = batch.last;
        if place.is_none() {
            break;
        }
    }
    deletions::run(state).await?;
    Ok(purged)
}

struct Batch {
    removed: u64,
    /// Where the next one begins; `None` after the last.
    last: Option<Place>,
}

async fn purge_batch(
    state: &AppState,
    before: DateTime<Utc>,
    after: Option<Place>,
) -> Result<Batch, sqlx::Error> {
    let mut tx = state.begin().await?;
    let unpaid = pending::lock_unpaid_before(&mut tx, before, after, BATCH).await?;
    let removed = remove_unpayable(&mut tx, state.clock.now(), before, &unpaid).await?;
    tx.hint(Hint::Deletions);
    tx.commit().await?;
    let last = if unpaid.len() < BATCH as usize { None } else { unpaid.last().copied() };
    Ok(Batch { removed, last })
}

async fn remove_unpayable(
    tx: &mut Tx,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
    unpaid: &[Place],
) -> Result<u64, sqlx::Error> {
    let ids: Vec<Uuid> = unpaid.iter().map(|place| place.id).collect();
    payments::queue_overdue(tx, &ids, before, now).await?;
    let payable = payments::payable_among(tx, &ids, now).await?;
    let mut removed = 0;
    for id in ids.iter().filter(|id| !payable.contains(id)) {
        payments::part_from_pending(tx, *id, now).await?;
        pending::remove(tx, now, *id).await?;
        removed += 1;
    }
    Ok(removed)
}
