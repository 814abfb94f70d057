//! The HTTP side of `/admin`: one file per section, over the services of the domains.
//!
//! Every handler takes [`crate::auth::Admin`]; the whole is locked once more, so that one that forgets stays closed.

mod audit;
mod emails;
mod demo;
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
    locked(
        OpenApiRouter::new()
            .merge(tarifs::router())
            .merge(faq::router())
            .merge(pages::router())
            .merge(stats::router())
            .merge(audit::router())
            .merge(emails::router())
            .merge(stripe_events::router()),
            .merge(users::router())
            .merge(demo::router())
            .merge(tarifs::router())
            .merge(faq::router())
            .merge(pages::router()),
    )
}

/// Mounts sections below `/admin`, for administrators alone.
pub fn locked(sections: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().nest("/admin", sections.layer(from_fn(roles::only_admins)))
}
