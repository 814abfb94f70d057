//! `/admin/tarifs`: the whole price list.

mod stripe;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    app::AppState,
    auth::{Admin, SessionUser},
    http::{
        ApiJson, ApiQuery, ApiResult, ErrorBody, PathId,
        extract::given,
        iso::Iso,
        list::{NeighbourPagination, Paging, Sorting, Words, flag},
    },
    payments::catalogue,
    tarifs::{
        Unite,
        lines::{self, Change, Line},
        store::{Filter, TarifSort},
    },
};
use stripe::SyncInfo;

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(overview))
        .routes(routes!(one, update, delete))
        .merge(stripe::router())
}

/// A line of the price list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AdminTarif {
    id: Uuid,
    nom: String,
    description: String,
    /// Cents of euro, per page for page-priced services.
    prix: i32,
    #[schema(example = "2€/page")]
    prix_formate: String,
    unite: Unite,
    type_service: String,
    duree_estimee: Option<String>,
    actif: bool,
    ordre: i32,
    created_at: Iso,
    updated_at: Iso,
    stripe_price_id: Option<String>,
    stripe_product_id: Option<String>,
}

impl From<Line> for AdminTarif {
    fn from(line: Line) -> Self {
        Self {
            id: line.id,
            nom: line.nom,
            description: line.description,
            prix: line.prix,
            prix_formate: line.prix_formate,
            unite: line.unite.0,
            type_service: line.type_service,
            duree_estimee: line.duree_estimee,
            actif: line.actif,
            ordre: line.ordre,
            created_at: line.created_at.into(),
            updated_at: line.updated_at.into(),
            stripe_price_id: line.stripe_price_id,
            stripe_product_id: line.stripe_product_id,
        }
    }
}

/// A page of the price list.
#[derive(Serialize, ToSchema)]
struct TarifPage {
    success: bool,
    data: Vec<AdminTarif>,
    pagination: NeighbourPagination,
}

/// One line.
#[derive(Serialize, ToSchema)]
struct TarifAnswer {
    success: bool,
    data: AdminTarif,
}

/// A line that was written, and what became of it at Stripe.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TarifSaved {
    success: bool,
    data: AdminTarif,
    message: &'static str,
    /// Absent for a new line that is not sold.
    stripe_sync: Option<SyncInfo>,
}

/// A line that is gone.
#[derive(Serialize, ToSchema)]
struct TarifRemoval {
    success: bool,
    message: &'static str,
}

/// A family of services.
#[derive(Serialize, ToSchema)]
struct ServiceCount {
    #[serde(rename = "type")]
    kind: String,
    count: i64,
}

/// Figures about the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TarifFigures {
    total: i64,
    actifs: i64,
    inactifs: i64,
    types_services: Vec<ServiceCount>,
}

/// Figures about the list.
#[derive(Serialize, ToSchema)]
struct TarifStats {
    success: bool,
    data: TarifFigures,
}

/// Which lines to list.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct AdminTarifQuery {
    /// Words of the name, the description or the family.
    #[param(max_length = 100)]
    search: Option<String>,
    /// `true`: sold; anything else: not.
    #[param(max_length = 10)]
    actif: Option<String>,
    /// Only those of this family.
    #[param(max_length = 100)]
    #[validate(length(max = 100, message = "Le type de service ne peut pas dépasser 100 caractères."))]
    type_service: Option<String>,
}

/// What a line shall be; what is absent stays as it is.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TarifBody {
    #[schema(min_length = 1, max_length = 255)]
    nom: Option<String>,
    #[schema(min_length = 1, max_length = 5_000)]
    description: Option<String>,
    /// Cents.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    prix: Option<i32>,
    /// The server writes it itself; one that ends with `/page` says that the price is one of a page.
    #[schema(max_length = 100)]
    #[validate(length(max = 100, message = "Le prix affiché ne peut pas dépasser 100 caractères."))]
    prix_formate: Option<String>,
    unite: Option<Unite>,
    #[schema(min_length = 1, max_length = 100)]
    type_service: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    duree_estimee: Option<Option<String>>,
    actif: Option<bool>,
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    ordre: Option<i32>,
}

impl From<TarifBody> for Change {
    fn from(body: TarifBody) -> Self {
        Self {
            nom: body.nom,
            description: body.description,
            prix: body.prix,
            prix_formate: body.prix_formate,
            unite: body.unite,
            type_service: body.type_service,
            duree_estimee: body.duree_estimee,
            actif: body.actif,
            ordre: body.ordre,
        }
    }
}

/// The whole price list, in display order unless another is asked for.
#[utoipa::path(get, path = "/tarifs", tag = "Administration", security(("bearer" = [])),
    params(Paging<10, 100>, Sorting<TarifSort>, AdminTarifQuery),
    responses((status = 200, body = TarifPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<10, 100>,
    Sorting(sort): Sorting<TarifSort>,
    ApiQuery(query): ApiQuery<AdminTarifQuery>,
) -> ApiResult<Json<TarifPage>> {
    let filter = Filter {
        words: Words::read("search", query.search.as_deref())?,
        actif: flag(query.actif.as_deref()),
        type_service: query.type_service.filter(|text| !text.is_empty()),
    };
    let listing = lines::list(&state, &filter, sort, page).await?.map(AdminTarif::from);
    Ok(Json(TarifPage { success: true, data: listing.rows, pagination: listing.place.into() }))
}

/// Figures about the list.
#[utoipa::path(get, path = "/tarifs/stats/overview", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = TarifStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn overview(State(state): State<AppState>, _: Admin) -> ApiResult<Json<TarifStats>> {
    let families = lines::families(&state).await?;
    let total = families.iter().map(|family| family.lines).sum();
    let actifs = families.iter().map(|family| family.sold).sum();
    let data = TarifFigures {
        total,
        actifs,
        inactifs: total - actifs,
        types_services: families
            .into_iter()
            .map(|family| ServiceCount { kind: family.type_service, count: family.lines })
            .collect(),
    };
    Ok(Json(TarifStats { success: true, data }))
}

/// One line.
#[utoipa::path(get, path = "/tarifs/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = TarifAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn one(State(state): State<AppState>, _: Admin, PathId(id): PathId) -> ApiResult<Json<TarifAnswer>> {
    Ok(Json(TarifAnswer { success: true, data: lines::one(&state, id).await?.into() }))
}

/// What became of a line at Stripe, and the line as it is now. Stripe's trouble is no reason to refuse.
async fn synced(state: &AppState, admin: &SessionUser, line: Line) -> ApiResult<(AdminTarif, SyncInfo)> {
    let synced = catalogue::sync(state, &admin.email, &line).await?;
    let info = SyncInfo::from(&synced);
    let line = Line { stripe_product_id: synced.product_id, stripe_price_id: synced.price_id, ..line };
    Ok((line.into(), info))
}

/// Adds a line, and tells Stripe about it when it is sold.
#[utoipa::path(post, path = "/tarifs", tag = "Administration", security(("bearer" = [])), request_body = TarifBody,
    responses((status = 201, body = TarifSaved), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 409, description = "`TARIF_EXISTS`", body = ErrorBody)))]
async fn create(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiJson(body): ApiJson<TarifBody>,
) -> ApiResult<(StatusCode, Json<TarifSaved>)> {
    let line = lines::create(&state, &admin.email, &body.into()).await?;
    let (data, stripe_sync) = match line.actif {
        true => {
            let (data, info) = synced(&state, &admin, line).await?;
            (data, Some(info))
        }
        false => (line.into(), None),
    };
    let saved = TarifSaved { success: true, data, message: "Le tarif est ajouté.", stripe_sync };
    Ok((StatusCode::CREATED, Json(saved)))
}

/// Changes a line, only what is sent, and tells Stripe about it. Orders placed before keep their price.
#[utoipa::path(put, path = "/tarifs/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = TarifBody,
    responses((status = 200, body = TarifSaved), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`TARIF_EXISTS`", body = ErrorBody)))]
async fn update(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<TarifBody>,
) -> ApiResult<Json<TarifSaved>> {
    let line = lines::update(&state, &admin.email, id, &body.into()).await?;
    let (data, info) = synced(&state, &admin, line).await?;
    let message = "Le tarif est modifié.";
    Ok(Json(TarifSaved { success: true, data, message, stripe_sync: Some(info) }))
}

/// Removes a line that nothing was ordered by.
#[utoipa::path(delete, path = "/tarifs/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = TarifRemoval), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, description = "`TARIF_ORDERED`", body = ErrorBody)))]
async fn delete(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<TarifRemoval>> {
    let gone = lines::delete(&state, &admin.email, id).await?;
    if let Err(failure) = catalogue::retire(&state.stripe, &gone).await {
        tracing::warn!(%failure, "a removed line of the price list stays on offer at Stripe");
    }
    Ok(Json(TarifRemoval { success: true, message: "Le tarif est supprimé." }))
}
