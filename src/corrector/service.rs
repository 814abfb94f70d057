//! What correctors may do with the orders assigned to them.

use uuid::Uuid;

use super::store::{self, Assigned, Filter};
use crate::{
    app::AppState,
    auth::SessionUser,
    commandes::moves,
    db::with_retry,
    http::{ApiError, ApiResult, Page, list::Listing},
};

/// A page of a corrector's orders, newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(state: &AppState, filter: &Filter, page: Page) -> ApiResult<Listing<Assigned>> {
    let mut conn = state.db.conn().await?;
    let rows = store::list(&mut conn, filter, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("assigned", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// Delivers an order that is being corrected, and gives it. One that is delivered already stays as it is.
///
/// # Errors
/// 404 unless it is assigned to the corrector, 409 `INVALID_TRANSITION`, 503.
pub async fn deliver(state: &AppState, corrector: &SessionUser, id: Uuid) -> ApiResult<Assigned> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        moves::deliver(&mut tx, id, corrector.id, &corrector.email).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await?;
    let mut conn = state.db.conn().await?;
    store::one(&mut conn, corrector.id, id).await?.ok_or_else(moves::absent)
}
