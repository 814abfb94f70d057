//! What authors see of their projects.

use uuid::Uuid;

use super::{
    store::{self, Filter},
    view::{Project, Stage},
};
use crate::{
    app::AppState,
    http::{ApiResult, Page, list::Listing},
};

/// A page of projects.
///
/// # Errors
/// When the database refuses.
pub async fn list(state: &AppState, filter: &Filter, page: Page) -> ApiResult<Listing<Project>> {
    let mut conn = state.db.conn().await?;
    let rows = store::list(&mut conn, filter, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("projects", filter, page, rows, count).await?;
    conn.release();
    Ok(listing.map(Project::from))
}

/// How many projects stand under each tab.
#[derive(Default)]
pub struct Counts {
    /// All of them, cancelled and suspended ones too.
    pub all: i64,
    /// Paid or being corrected.
    pub active: i64,
    /// Not paid yet.
    pub pending: i64,
    /// Delivered.
    pub completed: i64,
}

/// How many projects someone has under each tab.
///
/// # Errors
/// When the database refuses.
pub async fn counts(state: &AppState, user_id: Uuid) -> ApiResult<Counts> {
    let mut conn = state.db.conn().await?;
    let mut counts = Counts::default();
    for (statut, total) in store::by_statut(&mut conn, user_id).await? {
        counts.all += total;
        match Stage::of(statut) {
            Stage::Active => counts.active += total,
            Stage::Pending => counts.pending += total,
            Stage::Completed => counts.completed += total,
            Stage::Cancelled | Stage::Suspended => {}
        }
    }
    Ok(counts)
}
