//! The orders' URLs.

mod own;
mod paid;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::AppState;

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(paid::order_as_guest))
        .routes(routes!(paid::guest_order))
        .routes(routes!(paid::create_paid_project))
        .routes(routes!(own::create_commande, own::list_commandes))
        .routes(routes!(own::read_commande))
}
