//! The URLs of the conversations.

mod bodies;
mod conversations;
mod single;
mod team;
mod visitor;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The routes of the table at the head of this module's parent.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(visitor::router())
        .merge(conversations::router())
        .merge(team::router())
        .merge(single::router())
        .merge(super::page::router())
}

/// What was done, to how many messages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MessagesUpdated {
    message: &'static str,
    updated_count: u64,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct MessageChanged {
    message: &'static str,
}
