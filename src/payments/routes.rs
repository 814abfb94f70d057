//! Wire types and handlers of `/payments`.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    event::{Metadata, PaymentStatus},
    methods, resuming,
    service::{self, Simulated as Became},
    session_id::SessionId,
    webhook,
};
use crate::{
    app::AppState,
    auth::{Client, Session},
    http::{ApiJson, ApiPath, ApiResult, ErrorBody},
};

/// Routes of `/payments`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_checkout_session))
        .routes(routes!(status))
        .routes(routes!(webhook::webhook))
        .merge(methods::router())
        .merge(resuming::router())
}

/// The route that exists only where Stripe is simulated.
pub fn development_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(dev_webhook_simulate))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CheckoutRequest {
    /// An order of the caller, or one of their invoices.
    commande_id: Uuid,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CheckoutAnswer {
    /// Stripe's; empty when nothing is due.
    session_id: String,
    /// Where to send the customer.
    url: String,
}

/// Opens a payment page for an unpaid order of the caller. The server sets the price; when nothing is due the order is
/// final at once, `sessionId` is empty and `url` is the success page.
#[utoipa::path(post, path = "/payments/create-checkout-session", tag = "Payments", request_body = CheckoutRequest,
    security(("bearer" = [])),
    responses((status = 200, body = CheckoutAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn create_checkout_session(
    State(state): State<AppState>,
    Client(user): Client,
    ApiJson(request): ApiJson<CheckoutRequest>,
) -> ApiResult<Json<CheckoutAnswer>> {
    let opened = service::checkout_for(&state, &user, request.commande_id).await?;
    Ok(Json(CheckoutAnswer { session_id: opened.session_id, url: opened.url }))
}

#[derive(Serialize, ToSchema)]
struct StatusAnswer {
    /// What people call the order.
    reference: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    status: &'static str,
    #[schema(value_type = Object)]
    metadata: Option<Metadata>,
}

/// What became of a payment of the caller.
#[utoipa::path(get, path = "/payments/status/{sessionId}", tag = "Payments", params(("sessionId" = inline(SessionId), Path)),
    security(("bearer" = [])),
    responses((status = 200, body = StatusAnswer), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn status(
    State(state): State<AppState>,
    Session(user): Session,
    ApiPath(session_id): ApiPath<SessionId>,
) -> ApiResult<Json<StatusAnswer>> {
    let found = service::status(&state, &user, &session_id).await?;
    let status = match found.status {
        PaymentStatus::Paid => "paid",
        PaymentStatus::NoPaymentRequired => "no_payment_required",
        PaymentStatus::Unpaid | PaymentStatus::Unknown => "unpaid",
    };
    Ok(Json(StatusAnswer { reference: found.reference, status, metadata: found.metadata }))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SimulateRequest {
    #[schema(inline)]
    session_id: SessionId,
}

#[derive(Serialize, ToSchema)]
struct SimulateAnswer {
    success: bool,
    /// Whether the money is still on its way.
    pending: bool,
    message: &'static str,
    data: Simulated,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Simulated {
    user_id: Option<Uuid>,
    commande_id: Option<Uuid>,
    pending_commande_id: Option<Uuid>,
    email: String,
    is_processed: bool,
}

/// Development only: makes sure that a session paid on the simulated page is settled.
#[utoipa::path(post, path = "/payments/dev-webhook-simulate", tag = "Payments", request_body = SimulateRequest,
    responses((status = 200, body = SimulateAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn dev_webhook_simulate(
    State(state): State<AppState>,
    ApiJson(request): ApiJson<SimulateRequest>,
) -> ApiResult<Json<SimulateAnswer>> {
    let (became, order) = service::settle_simulated(&state, &request.session_id).await?;
    let pending = became == Became::Pending;
    Ok(Json(SimulateAnswer {
        success: true,
        pending,
        message: match became {
            Became::Settled => "Paiement simulé.",
            Became::Known => "Ce paiement était déjà traité.",
            Became::Pending => "Le paiement est en cours : le prélèvement n’a pas encore abouti.",
        },
        data: Simulated {
            user_id: order.user_id,
            commande_id: order.commande_id,
            pending_commande_id: order.pending_commande_id,
            email: order.email,
            is_processed: !pending,
        },
    }))
}
