//! Leaving, for a while or for good, and what the profile page counts.

use crate::{
    app::AppState,
    auth::{SessionUser, end_sessions},
    http::ApiResult,
    privacy::erasing::{self, Reason},
    projects,
    users::{own, service::gone},
};

use super::wire::AccountStats;

/// Delivered orders that make an author a very important one.
const VIP: i64 = 10;

/// The counts of someone's profile page.
///
/// # Errors
/// When the database is away.
pub async fn stats(state: &AppState, user: &SessionUser) -> ApiResult<AccountStats> {
    let counts = projects::counts(state, user.id).await?;
    Ok(AccountStats {
        total_projects: counts.all,
        completed_projects: counts.completed,
        average_rating: 0,
        is_vip: counts.completed >= VIP,
    })
}

/// Closes an account until its owner logs in again, and ends its sessions.
///
/// # Errors
/// 409 `LAST_ADMIN`, 503.
pub async fn deactivate(state: &AppState, user: &SessionUser) -> ApiResult<()> {
    own::deactivate(state, user.id).await?;
    end_sessions(state, user.id).await;
    Ok(())
}

/// Erases an account, as its owner asks.
///
/// # Errors
/// 409 `LAST_ADMIN`, 401 when it is gone already, 503.
pub async fn erase(state: &AppState, user: &SessionUser) -> ApiResult<()> {
    match erasing::erase_account(state, user.id, Reason::Own).await? {
        true => Ok(()),
        false => Err(gone()),
    }
}
