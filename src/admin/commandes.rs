//! `/admin/commandes`: the orders of everybody.

mod wire;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::AppState,
    auth::Admin,
    commandes::desk::{self, OrderSort},
    desk as work, files,
    http::{
        ApiJson, ApiQuery, ApiResult, ErrorBody, PathId,
        list::{Paging, Sorting},
    },
    payments::refunding,
};
use wire::{
    AssignBody, ChangeBody, Changed, Message, OrderDetail, OrderFigures, OrderPage, OrdersQuery,
    RefundAnswer, RefundBody, RefundPreview, RefundQuery, StatutBody,
};

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(figures))
        .routes(routes!(one, change, remove))
        .routes(routes!(set_statut))
        .routes(routes!(assign))
        .routes(routes!(preview_refund, refund))
}

/// A page of orders, newest first unless another order is asked for, with how many of each status the other filters keep.
#[utoipa::path(get, path = "/commandes", tag = "Administration", security(("bearer" = [])),
    params(Paging<10, 100>, Sorting<OrderSort>, OrdersQuery),
    responses((status = 200, body = OrderPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<10, 100>,
    Sorting(sort): Sorting<OrderSort>,
    ApiQuery(query): ApiQuery<OrdersQuery>,
) -> ApiResult<Json<OrderPage>> {
    let filter = query.filter()?;
    let (listing, counts) = desk::page(&state, &filter, sort, page).await?;
    Ok(Json(OrderPage::new(listing, counts, query)))
}

/// How many orders stand where.
#[utoipa::path(get, path = "/commandes/stats", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = OrderFigures), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn figures(State(state): State<AppState>, _: Admin) -> ApiResult<Json<OrderFigures>> {
    let now = state.clock.now();
    let (counts, recent) = desk::figures(&state, now).await?;
    Ok(Json(OrderFigures::new(&counts, recent, now)))
}

/// One order with its client, its documents, its invoices, and all that happened to it, the latest first.
#[utoipa::path(get, path = "/commandes/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = OrderDetail), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn one(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<OrderDetail>> {
    let mut conn = state.db.conn().await?;
    let order = desk::one(&mut conn, id).await?;
    let client = crate::users::store::by_id(&mut conn, order.user_id)
        .await?
        .ok_or_else(crate::commandes::moves::absent)?;
    let documents = files::store::of_commande(&mut conn, id).await?;
    let invoices = crate::invoices::of_order(&mut conn, id).await?;
    let timeline = work::timeline(&mut conn, id).await?;
    conn.release();
    Ok(Json(OrderDetail::new(&state, admin.id, wire::Parts { order, client, documents, invoices, timeline })))
}

/// Changes an order: what is absent stays, null empties. A move tells the client, another date too.
#[utoipa::path(put, path = "/commandes/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)), request_body = ChangeBody,
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`INVALID_TRANSITION`, `ALREADY_PAID`", body = ErrorBody)))]
async fn change(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<ChangeBody>,
) -> ApiResult<Json<Changed>> {
    let order = work::change(&state, &admin, id, &body.change()?).await?;
    Ok(Json(Changed::new(order, "Commande mise à jour.")))
}

/// Moves an order to another status, with a note to the client or without.
#[utoipa::path(put, path = "/commandes/{id}/status", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)), request_body = StatutBody,
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`INVALID_TRANSITION`", body = ErrorBody)))]
async fn set_statut(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<StatutBody>,
) -> ApiResult<Json<Changed>> {
    let order = work::change(&state, &admin, id, &body.change()?).await?;
    Ok(Json(Changed::new(order, "Statut de la commande mis à jour.")))
}

/// Gives an order to a corrector, who hears of it; null takes it back.
#[utoipa::path(put, path = "/commandes/{id}/assign", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)), request_body = AssignBody,
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn assign(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<AssignBody>,
) -> ApiResult<Json<Changed>> {
    let order = work::assign(&state, &admin, id, body.corrector()?).await?;
    Ok(Json(Changed::new(order, "Correcteur de la commande mis à jour.")))
}

/// Removes an order that was never paid for, with its documents.
#[utoipa::path(delete, path = "/commandes/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Message), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody),
              (status = 409, description = "`ORDER_PAID`, `ORDER_INVOICED`", body = ErrorBody)))]
async fn remove(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<Message>> {
    work::remove(&state, &admin, id).await?;
    Ok(Json(Message { success: true, message: "Commande supprimée." }))
}

/// What giving money back would do: the amount, and the credit note that would follow.
#[utoipa::path(get, path = "/commandes/{id}/refund", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path), RefundQuery),
    responses((status = 200, body = RefundPreview), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`NOTHING_TO_REFUND`", body = ErrorBody)))]
async fn preview_refund(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId,
    ApiQuery(query): ApiQuery<RefundQuery>,
) -> ApiResult<Json<RefundPreview>> {
    let preview = refunding::preview(&state, id, query.amount()?).await?;
    let note = match preview.invoice_id {
        Some(invoice) => {
            let mut conn = state.db.conn().await?;
            crate::invoices::credit_note_preview(&mut conn, invoice, preview.amount).await?
        }
        None => None,
    };
    Ok(Json(RefundPreview::new(preview, note)))
}

/// Gives money back through Stripe, all that is left without an amount. The credit note, its PDF and the mail follow from
/// Stripe's own event. While Stripe does not answer the request stays `REQUESTED` and is sent by itself.
#[utoipa::path(post, path = "/commandes/{id}/refund", tag = "Administration", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)), request_body = RefundBody,
    responses((status = 200, body = RefundAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`NOTHING_TO_REFUND`, `REFUND_REFUSED`", body = ErrorBody)))]
async fn refund(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<RefundBody>,
) -> ApiResult<Json<RefundAnswer>> {
    let request = refunding::refund(&state, &admin, id, body.amount, body.reason()?).await?;
    Ok(Json(RefundAnswer::new(request)))
}
