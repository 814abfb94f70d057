//! The administrators' work on one order, where it touches money and documents too.

mod timeline;

use uuid::Uuid;

pub use timeline::{Entry, timeline};

use crate::{
    app::AppState,
    auth::{Role, SessionUser},
    commandes::{
        Statut,
        desk::{self, DeskOrder, Fields},
        moves::{self, Move},
    },
    db::with_retry,
    files,
    http::{ApiError, ApiResult},
    payments, users,
};

/// What an administrator changes of an order; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Where it goes.
    pub statut: Option<Statut>,
    /// What it costs, in cents, while it is not paid.
    pub price: Option<i64>,
    /// Everything else.
    pub fields: Fields,
}

/// Changes an order in one transaction: its price, its fields, where it stands.
///
/// # Errors
/// 404 without it, 409 `INVALID_TRANSITION` or `ALREADY_PAID`.
pub async fn change(state: &AppState, by: &SessionUser, id: Uuid, change: &Change) -> ApiResult<DeskOrder> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        if let Some(price) = change.price {
            payments::service::set_price(&mut tx, id, price).await?;
        }
        desk::apply(&mut tx, &by.email, id, &change.fields).await?;
        if let Some(to) = change.statut {
            moves::move_to(&mut tx, id, Move { to, by: &by.email, told: true }).await?;
        }
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await?;
    one(state, id).await
}

/// Gives an order to a corrector, or takes it back.
///
/// # Errors
/// 404 without the order, 400 when the other account is no active corrector.
pub async fn assign(
    state: &AppState,
    by: &SessionUser,
    id: Uuid,
    corrector: Option<Uuid>,
) -> ApiResult<DeskOrder> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        if let Some(corrector) = corrector {
            let found = users::store::by_id(&mut tx, corrector).await?;
            if !found.is_some_and(|user| user.is_active && user.role == Role::Corrector) {
                return Err(ApiError::invalid_field(
                    "correcteurId",
                    "Ce compte n’est pas celui d’un correcteur en activité.",
                ));
            }
        }
        desk::set_corrector(&mut tx, &by.email, id, corrector).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await?;
    one(state, id).await
}

/// Removes an order that was never paid for, with its documents; its open payment pages are closed.
///
/// # Errors
/// 404 without it; 409 `ORDER_PAID` or `ORDER_INVOICED`.
pub async fn remove(state: &AppState, by: &SessionUser, id: Uuid) -> ApiResult<()> {
    let keys = with_retry(|| async {
        let mut tx = state.begin().await?;
        payments::service::close_pages(&mut tx, id).await?;
        let keys = files::removal::remove_all_of_order(&mut tx, id).await?;
        desk::remove(&mut tx, &by.email, id).await?;
        tx.commit().await?;
        Ok::<_, ApiError>(keys)
    })
    .await?;
    files::deletions::remove_now(state, &keys).await;
    Ok(())
}

async fn one(state: &AppState, id: Uuid) -> ApiResult<DeskOrder> {
    let mut conn = state.db.conn().await?;
    desk::one(&mut conn, id).await
}
