//! The HTTP side of `/admin`: one file per section, over the services of the domains.
//!
//! Every handler takes [`crate::auth::Admin`]; the whole is locked once more, so that one that forgets stays closed.

mod audit;
mod commandes;
mod demo;
mod emails;
mod factures;
mod faq;
mod pages;
mod stats;
mod stripe_events;
mod tarifs;
mod users;

use axum::middleware::from_fn;
use utoipa_axum::router::OpenApiRouter;

use crate::{app::AppState, auth::roles};

/// Every section. Their paths are written without `/admin`.
pub fn router() -> OpenApiRouter<AppState> {
    let sections = [
        audit::router(),
        commandes::router(),
        demo::router(),
        emails::router(),
        factures::router(),
        faq::router(),
        pages::router(),
        stats::router(),
        stripe_events::router(),
        tarifs::router(),
        users::router(),
    ];
    locked(sections.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::merge))
}

/// Mounts sections below `/admin`, for administrators alone.
pub fn locked(sections: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().nest("/admin", sections.layer(from_fn(roles::only_admins)))
}
