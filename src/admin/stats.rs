//! `/admin/stats`: what the site earns, who comes, what is ordered.

mod wire;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::AppState,
    auth::Admin,
    http::{ApiResult, ErrorBody},
    stats::{conversions, figures::figures},
};
use wire::{AdvancedStats, DashboardStats, MonthlyStats, OrderStats, RevenueStats, UserStats};

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(dashboard))
        .routes(routes!(monthly))
        .routes(routes!(revenue))
        .routes(routes!(users))
        .routes(routes!(orders))
        .routes(routes!(advanced))
}

/// Twelve months of revenue, accounts and orders, oldest first, with the latest payments. Amounts are euros.
#[utoipa::path(get, path = "/stats", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = DashboardStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn dashboard(State(state): State<AppState>, _: Admin) -> ApiResult<Json<DashboardStats>> {
    Ok(Json(DashboardStats::of(&*figures(&state).await?)))
}

/// The same without the figures of the day.
#[utoipa::path(get, path = "/stats/monthly", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = MonthlyStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn monthly(State(state): State<AppState>, _: Admin) -> ApiResult<Json<MonthlyStats>> {
    Ok(Json(MonthlyStats::of(&*figures(&state).await?)))
}

/// Revenue by month: invoices on the day they were paid, credit notes on the day the money went back. Euros.
#[utoipa::path(get, path = "/stats/revenue", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = RevenueStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn revenue(State(state): State<AppState>, _: Admin) -> ApiResult<Json<RevenueStats>> {
    Ok(Json(RevenueStats::of(&*figures(&state).await?)))
}

/// Accounts opened by month.
#[utoipa::path(get, path = "/stats/users", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = UserStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn users(State(state): State<AppState>, _: Admin) -> ApiResult<Json<UserStats>> {
    Ok(Json(UserStats::of(&*figures(&state).await?)))
}

/// Orders placed by month, and where all of them stand.
#[utoipa::path(get, path = "/stats/orders", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = OrderStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn orders(State(state): State<AppState>, _: Admin) -> ApiResult<Json<OrderStats>> {
    Ok(Json(OrderStats::of(&*figures(&state).await?)))
}

/// The month in progress beside the one before.
#[utoipa::path(get, path = "/stats/advanced", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = AdvancedStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn advanced(State(state): State<AppState>, _: Admin) -> ApiResult<Json<AdvancedStats>> {
    let figures = figures(&state).await?;
    let rates = conversions(&state, &figures).await?;
    Ok(Json(AdvancedStats::of(&figures, rates)))
}
