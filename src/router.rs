//! The URL table: where every module's routes are mounted. Paths are written without `/api`; both
//! forms answer (see [`crate::http::paths`]).

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::AppState,
    auth, checkout, commandes, dev, emails, files,
    http::{docs, system},
    invoices, notifications, payments, projects, tarifs,
};

/// All routes and their description. `development` adds what replaces the outside world.
pub fn build(development: bool) -> (Router<AppState>, OpenApi) {
    let document = docs::Document::default();
    let (routes, mut description) =
        table(development).merge(docs::router(document.clone())).split_for_parts();
    docs::name_operations(&mut description);
    if let Err(error) = document.publish(&description) {
        tracing::error!(%error, "the API description cannot be written");
    }
    (routes, description)
}

fn table(development: bool) -> OpenApiRouter<AppState> {
    let routes = OpenApiRouter::with_openapi(docs::base())
        .merge(system::router()) // /, /health, /metrics
        .merge(auth::router()) // /auth, /public/activate
        .merge(tarifs::router()) // /tarifs, /public/tarifs
        .merge(checkout::router()) // /public/order, /commandes/create-paid-project
        .merge(commandes::router()) // /commandes
        .merge(projects::router()) // /projects
        .merge(files::reading_router()) // /files
        .merge(payments::router()) // /payments
        .merge(invoices::router()) // /invoices
        .merge(notifications::router()) // /notifications
        .merge(emails::unsubscribe::router()); // /public/unsubscribe
    match development {
        true => routes.merge(payments::development_router()).merge(dev::router()), // /dev
        false => routes,
    }
}
