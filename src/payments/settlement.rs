//! What a payment changes.

use uuid::Uuid;

use crate::{
    app::AppState,
    http::{ApiError, ApiResult},
};

/// An order that costs nothing, opened at once.
#[derive(Clone, Debug)]
pub struct FreeOrder {
    /// The order.
    pub commande_id: Uuid,
    /// Where to send the customer.
    pub success_url: String,
}

/// Opens a pending order whose amount is zero.
///
/// # Errors
/// When it cannot be opened.
pub async fn settle_free(_state: &AppState, _pending_id: Uuid) -> ApiResult<FreeOrder> {
    Err(ApiError::unavailable())
}
