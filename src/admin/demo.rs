//! `/admin/demo`: the demonstration.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::AppState,
    auth::Admin,
    demo::{DemoCounts, service},
    http::{ApiResult, ErrorBody, iso::Iso},
};

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(refresh))
        .routes(routes!(reset))
        .routes(routes!(status))
        .routes(routes!(remove))
}

/// What was taken away, and what was made.
#[derive(Serialize, ToSchema)]
struct DemoRefreshed {
    supprimees: DemoCounts,
    creees: DemoCounts,
}

/// The demonstration is new.
#[derive(Serialize, ToSchema)]
struct DemoRefreshAnswer {
    success: bool,
    message: &'static str,
    data: DemoRefreshed,
}

/// What was taken away, and what is there first.
#[derive(Serialize, ToSchema)]
struct DemoReset {
    supprimees: DemoCounts,
    initiales: DemoCounts,
}

/// The demonstration is as it was first.
#[derive(Serialize, ToSchema)]
struct DemoResetAnswer {
    success: bool,
    message: &'static str,
    data: DemoReset,
}

/// How much of it there is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DemoStatus {
    demo_data_exists: bool,
    /// Whether this server has one: `DEMO_MODE`.
    demo_mode: bool,
    counts: DemoCounts,
    last_update: Iso,
}

/// Where the demonstration stands.
#[derive(Serialize, ToSchema)]
struct DemoStatusAnswer {
    success: bool,
    data: DemoStatus,
}

/// What was taken away.
#[derive(Serialize, ToSchema)]
struct DemoRemoved {
    supprimees: DemoCounts,
}

/// The demonstration is gone.
#[derive(Serialize, ToSchema)]
struct DemoRemovalAnswer {
    success: bool,
    message: &'static str,
    data: DemoRemoved,
}

/// Makes the demonstration anew, another one each time. Only with `DEMO_MODE=true`.
#[utoipa::path(post, path = "/demo/refresh", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = DemoRefreshAnswer), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody, description = "ADMIN_REQUIRED, DEMO_DISABLED"),
              (status = 409, body = ErrorBody, description = "DEMO_BUSY")))]
async fn refresh(State(state): State<AppState>, Admin(admin): Admin) -> ApiResult<Json<DemoRefreshAnswer>> {
    let replaced = service::refresh(&state, &admin.email).await?;
    let data = DemoRefreshed { supprimees: replaced.removed, creees: replaced.made };
    Ok(Json(DemoRefreshAnswer {
        success: true,
        message: "Les données de démonstration sont renouvelées.",
        data,
    }))
}

/// Makes the demonstration anew as it was first. Only with `DEMO_MODE=true`.
#[utoipa::path(post, path = "/demo/reset", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = DemoResetAnswer), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody, description = "ADMIN_REQUIRED, DEMO_DISABLED"),
              (status = 409, body = ErrorBody, description = "DEMO_BUSY")))]
async fn reset(State(state): State<AppState>, Admin(admin): Admin) -> ApiResult<Json<DemoResetAnswer>> {
    let replaced = service::reset(&state, &admin.email).await?;
    let data = DemoReset { supprimees: replaced.removed, initiales: replaced.made };
    Ok(Json(DemoResetAnswer {
        success: true,
        message: "Les données de démonstration sont réinitialisées.",
        data,
    }))
}

/// How much of the demonstration there is.
#[utoipa::path(get, path = "/demo/status", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = DemoStatusAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn status(State(state): State<AppState>, _: Admin) -> ApiResult<Json<DemoStatusAnswer>> {
    let counts = service::status(&state).await?;
    let data = DemoStatus {
        demo_data_exists: counts.users > 0,
        demo_mode: state.config.demo_mode,
        counts,
        last_update: state.clock.now().into(),
    };
    Ok(Json(DemoStatusAnswer { success: true, data }))
}

/// Takes the demonstration away for good, whether this server has one or had one.
#[utoipa::path(delete, path = "/demo", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = DemoRemovalAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 409, body = ErrorBody, description = "DEMO_BUSY")))]
async fn remove(State(state): State<AppState>, Admin(admin): Admin) -> ApiResult<Json<DemoRemovalAnswer>> {
    let data = DemoRemoved { supprimees: service::remove(&state, &admin.email).await? };
    Ok(Json(DemoRemovalAnswer {
        success: true,
        message: "Les données de démonstration sont supprimées.",
        data,
    }))
}
