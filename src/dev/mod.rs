//! What replaces the outside world in development; mounted nowhere else.

pub mod gallery;
pub mod mailbox;
mod sample;
pub mod seeding;
pub mod site;
pub mod stripe;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The described routes of development. The simulated Stripe is mounted beside them: it is not our API.
pub fn router() -> OpenApiRouter<AppState> {
    mailbox::router().merge(gallery::router()).merge(seeding::router())
}
