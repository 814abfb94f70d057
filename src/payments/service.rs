//! Payment pages.

use uuid::Uuid;

use crate::{
    app::AppState,
    http::{ApiError, ApiResult},
};

/// What a payment page is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An order waiting for its first payment.
    Pending(Uuid),
    /// An order that exists.
    Commande(Uuid),
}

/// A payment page to open. Amounts are cents.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// What is paid for.
    pub target: Target,
    /// What is to be paid.
    pub amount: i64,
    /// The title on the page.
    pub product_name: String,
    /// The line under it.
    pub product_description: Option<String>,
    /// Prefilled on the page.
    pub customer_email: String,
    /// The account that pays, if any.
    pub user_id: Option<Uuid>,
}

/// A payment page that is open.
#[derive(Clone, Debug)]
pub struct OpenedCheckout {
    /// Stripe's id of the session.
    pub session_id: String,
    /// Where to send the customer.
    pub url: String,
}

/// Opens a payment page.
///
/// # Errors
/// 503 when the payment provider is away.
pub async fn open_checkout(_state: &AppState, _checkout: Checkout) -> ApiResult<OpenedCheckout> {
    Err(ApiError::unavailable())
}
