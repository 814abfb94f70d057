//! Making the demonstration, and taking it away.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::MySqlConnection;

use super::{DemoCounts, plan};
use crate::{
    app::AppState,
    audit::{self, Act, acts},
    clock::random_bytes,
    commandes::{self, moves},
    db::{NamedLock, with_retry},
    events::{Hint, Tx},
    files::{self, deletions},
    http::{ApiError, ApiResult},
    invoices, messages, notifications, users,
};

/// The demonstration that a reset comes back to.
const INITIAL: u64 = 2026;

/// Longest wait for somebody else who makes it.
const WAIT: Duration = Duration::from_secs(10);

/// What was there, and what is there now.
#[derive(Clone, Copy, Debug)]
pub struct Replaced {
    /// What was taken away.
    pub removed: DemoCounts,
    /// What was made.
    pub made: DemoCounts,
}

/// Makes the demonstration anew, another one each time.
///
/// # Errors
/// 403 `DEMO_DISABLED` unless this server has one, 409 `DEMO_BUSY`, 503.
pub async fn refresh(state: &AppState, actor: &str) -> ApiResult<Replaced> {
    let seed = u64::from_be_bytes(random_bytes());
    replace(state, actor, acts::DEMO_REFRESHED, Some(seed)).await
}

/// Makes the demonstration anew as it was first, seen from today.
///
/// # Errors
/// As [`refresh`].
pub async fn reset(state: &AppState, actor: &str) -> ApiResult<Replaced> {
    replace(state, actor, acts::DEMO_RESET, Some(INITIAL)).await
}

/// Takes the demonstration away, whether this server has one or had one.
///
/// # Errors
/// 409 `DEMO_BUSY`, 503.
pub async fn remove(state: &AppState, actor: &str) -> ApiResult<DemoCounts> {
    Ok(replace(state, actor, acts::DEMO_REMOVED, None).await?.removed)
}

async fn replace(state: &AppState, actor: &str, act: Act, seed: Option<u64>) -> ApiResult<Replaced> {
    if seed.is_some() && !state.config.demo_mode {
        return Err(ApiError::forbidden(
            "DEMO_DISABLED",
            "Ce serveur n’a pas de données de démonstration : elles demandent le réglage DEMO_MODE=true.",
        ));
    }
    let lock = NamedLock::take(&state.db, "staka.demo", WAIT).await.map_err(ApiError::internal)?;
    let lock = lock.ok_or_else(|| {
        ApiError::conflict("DEMO_BUSY", "Les données de démonstration sont déjà en cours de création.")
    })?;
    let replaced = with_retry(|| replace_once(state, actor, act, seed)).await;
    lock.release().await.map_err(ApiError::internal)?;
    replaced
}

async fn replace_once(state: &AppState, actor: &str, act: Act, seed: Option<u64>) -> ApiResult<Replaced> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let before = counts(&mut tx).await?;
    clear(&mut tx, now).await?;
    let left = counts(&mut tx).await?;
    if let Some(seed) = seed {
        write(&mut tx, state, seed, now).await?;
    }
    let after = counts(&mut tx).await?;
    let replaced = Replaced { removed: less(before, left), made: less(after, left) };
    let details = json!({ "removed": replaced.removed, "made": replaced.made });
    audit::record(&mut tx, act, actor, None, details).await?;
    tx.commit().await?;
    Ok(replaced)
}

fn less(all: DemoCounts, part: DemoCounts) -> DemoCounts {
    DemoCounts {
        users: all.users - part.users,
        commandes: all.commandes - part.commandes,
        factures: all.factures - part.factures,
        messages: all.messages - part.messages,
        notifications: all.notifications - part.notifications,
    }
}

/// Removes all that is marked, in the caller's transaction. What real money hangs on stays.
///
/// # Errors
/// When the database refuses.
pub async fn clear(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let orders = commandes::demo::removable(tx).await?;
    let mut objects = files::demo::remove(tx, &orders).await?;
    objects.extend(invoices::demo::remove(tx, &orders).await?.1);
    for key in &objects {
        deletions::queue(tx, now, key).await?;
    }
    if !objects.is_empty() {
        tx.hint(Hint::Deletions);
    }
    messages::demo::remove(tx).await?;
    notifications::demo::remove(tx).await?;
    commandes::demo::remove(tx, &orders).await?;
    users::demo::remove(tx).await.map(drop)
}

async fn write(tx: &mut Tx, state: &AppState, seed: u64, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let plan = plan::plan(seed, now);
    users::demo::insert(tx, &plan.users).await?;
    moves::begin_demo(tx, &plan.orders).await?;
    invoices::demo::insert(tx, &state.config, &plan.invoices).await?;
    messages::demo::insert(tx, &plan.conversations).await?;
    notifications::demo::insert(tx, &plan.bells).await
}

/// How much of the demonstration there is.
///
/// # Errors
/// When the database refuses.
pub async fn status(state: &AppState) -> ApiResult<DemoCounts> {
    let mut conn = state.db.conn().await?;
    Ok(counts(&mut conn).await?)
}

async fn counts(conn: &mut MySqlConnection) -> Result<DemoCounts, sqlx::Error> {
    Ok(DemoCounts {
        users: users::demo::count(conn).await?,
        commandes: commandes::demo::count(conn).await?,
        factures: invoices::demo::count(conn).await?,
        messages: messages::demo::count(conn).await?,
        notifications: notifications::demo::count(conn).await?,
    })
}
