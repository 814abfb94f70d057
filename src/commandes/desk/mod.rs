//! Orders as administrators read and change them. What also touches money or documents is [`crate::desk`]'s.

mod change;
mod store;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

pub use change::{Fields, apply, remove, set_corrector};
pub use store::{DeskFilter, DeskOrder, OrderSort};

use super::{Statut, moves::absent};
use crate::{
    app::AppState,
    http::{
        ApiResult, Page,
        list::{Listing, Sort},
    },
};

/// Orders of each status.
pub type Counts = Vec<(Statut, u64)>;

/// A page of orders, and how many of each status the filter keeps, whatever status it asks for.
///
/// # Errors
/// When the database is away.
pub async fn page(
    state: &AppState,
    filter: &DeskFilter,
    sort: Sort<OrderSort>,
    page: Page,
) -> ApiResult<(Listing<DeskOrder>, Counts)> {
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, sort, page).await?;
    let counts = match filter.statut.is_none() && filter.keeps_all() {
        true => all_counts(state, &mut conn).await?,
        false => store::by_statut(&mut conn, filter).await?,
    };
    // The counts tell the total too.
    let total = counts.iter().filter(|(statut, _)| filter.statut.is_none_or(|wanted| wanted == *statut));
    let total: u64 = total.map(|(_, count)| count).sum();
    let listing = state.totals.listing("desk_orders", filter, page, rows, async { Ok(total) }).await?;
    conn.release();
    Ok((listing, counts))
}

/// Orders of each status, and those of the last thirty days.
///
/// # Errors
/// When the database is away.
pub async fn figures(state: &AppState, now: DateTime<Utc>) -> ApiResult<(Counts, i64)> {
    let mut conn = state.db.conn().await?;
    let counts = all_counts(state, &mut conn).await?;
    let recent = store::since(&mut conn, now - TimeDelta::days(30)).await?;
    conn.release();
    Ok((counts, recent))
}

/// Counted once for a while where there are many.
async fn all_counts(state: &AppState, conn: &mut MySqlConnection) -> ApiResult<Counts> {
    let everything = DeskFilter::default();
    let counted = async {
        let counts = store::by_statut(conn, &everything).await?;
        Ok(counts.into_iter().map(|(statut, count)| (statut.as_str().to_owned(), count)).collect())
    };
    let tally = state.totals.tally("desk_orders", counted).await?;
    let of = |statut: Statut| {
        tally.iter().find(|(name, _)| name == statut.as_str()).map_or(0, |(_, count)| *count)
    };
    Ok(Statut::ALL.into_iter().map(|statut| (statut, of(statut))).collect())
}

/// One order.
///
/// # Errors
/// 404 without it.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> ApiResult<DeskOrder> {
    store::one(conn, id).await?.ok_or_else(absent)
}
