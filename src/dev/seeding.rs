//! Made-up data on a workstation, an empty database again, and the look of an invoice.
//!
//! | route                                | what                                                          |
//! |--------------------------------------|---------------------------------------------------------------|
//! | `POST /dev/seed-admin-test-data`     | makes up the accounts and orders it is given                  |
//! | `POST /dev/simulate-new-activity`    | makes up so many of each                                      |
//! | `DELETE /dev/cleanup-admin-test-data`| removes all that is made up, by its mark                      |
//! | `POST /dev/reset-database`           | empties the database but for the site's content, then seeds   |
//! | `GET /dev/sample-invoice`            | an invoice as they are drawn; nothing is stored               |
//!
//! They answer this machine, and administrators from elsewhere.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::sample;
use crate::{
    app::AppState,
    audit::SYSTEM,
    auth::{Admin, Role},
    commandes::{Priorite, Statut},
    db::tables,
    demo::{
        activity::{self, SomeOrder, Someone},
        service,
    },
    http::{ApiError, ApiJson, ApiResult, ErrorBody, OptionalJson, RequestContext, iso::Iso},
    invoices, seeds,
    users::rules,
};

/// What stays when the database is emptied: the content of the site, and what the migrations note.
const KEPT: [&str; 5] = ["_sqlx_migrations", "tarifs", "faqs", "pages", "vat_regimes"];

/// The routes, un-prefixed. Mount them on development servers only.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(seed))
        .routes(routes!(simulate))
        .routes(routes!(clean_up))
        .routes(routes!(reset))
        .routes(routes!(sample_invoice))
}

/// Someone at this machine, or an administrator.
struct Near;

impl FromRequestParts<AppState> for Near {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        if RequestContext::current_ip().to_canonical().is_loopback() {
            return Ok(Self);
        }
        Admin::from_request_parts(parts, state).await.map(|_| Self)
    }
}

/// An account to make up.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
struct SeedUser {
    #[schema(min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::prenom))]
    prenom: String,
    #[schema(min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::nom))]
    nom: String,
    #[schema(format = Email, max_length = 255)]
    #[validate(custom(function = rules::email))]
    email: String,
    #[serde(default)]
    role: Option<Role>,
    /// `active`, or anything else for a closed one.
    #[schema(max_length = 20)]
    #[validate(length(max = 20, message = "Un état ne dépasse pas 20 caractères."))]
    status: Option<String>,
}

/// An order to make up.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
struct SeedOrder {
    #[schema(min_length = 1, max_length = 255)]
    #[validate(length(min = 1, max = 255, message = "Le titre doit compter de 1 à 255 caractères."))]
    title: String,
    /// Address of one of the accounts beside it.
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "Une adresse ne dépasse pas 255 caractères."))]
    client: String,
    /// Cents.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000_000)]
    #[validate(range(
        min = 0,
        max = 10_000_000,
        message = "Le montant doit être compris entre 0 et 10 000 000 centimes."
    ))]
    amount: i64,
    status: Option<Statut>,
    priority: Option<Priorite>,
}

/// What to make up.
#[derive(Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", default)]
struct SeedBody {
    #[schema(max_items = 200)]
    #[validate(nested, length(max = 200, message = "Au plus 200 comptes."))]
    users: Vec<SeedUser>,
    #[schema(max_items = 200)]
    #[validate(nested, length(max = 200, message = "Au plus 200 commandes."))]
    orders: Vec<SeedOrder>,
    /// Rings an administrator's bell too.
    generate_statistics: bool,
}

/// How much was made up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Seeded {
    users_created: usize,
    orders_created: usize,
    statistics_generated: bool,
}

/// Something was made up.
#[derive(Serialize, ToSchema)]
struct SeedAnswer {
    success: bool,
    message: &'static str,
    data: Seeded,
}

/// Makes up accounts and orders. They carry a mark, and have no password.
#[utoipa::path(post, path = "/dev/seed-admin-test-data", tag = "Development", request_body = SeedBody,
    responses((status = 200, body = SeedAnswer), (status = 400, body = ErrorBody)))]
async fn seed(
    State(state): State<AppState>,
    _: Near,
    ApiJson(body): ApiJson<SeedBody>,
) -> ApiResult<Json<SeedAnswer>> {
    let someone = |user: SeedUser| Someone {
        prenom: user.prenom,
        nom: user.nom,
        email: user.email,
        role: user.role.unwrap_or(Role::User),
        is_active: user.status.is_none_or(|status| status.eq_ignore_ascii_case("active")),
    };
    let some_order = |order: SeedOrder| SomeOrder {
        titre: order.title,
        client: order.client,
        amount: order.amount,
        statut: order.status.unwrap_or(Statut::EnAttente),
        priorite: order.priority.unwrap_or(Priorite::Normale),
    };
    let people: Vec<_> = body.users.into_iter().map(someone).collect();
    let orders: Vec<_> = body.orders.into_iter().map(some_order).collect();
    let made = activity::seed(&state, &people, &orders, body.generate_statistics).await?;
    let data = Seeded {
        users_created: made.users,
        orders_created: made.orders,
        statistics_generated: body.generate_statistics,
    };
    Ok(Json(SeedAnswer { success: true, message: "Les données d’essai sont créées.", data }))
}

/// How much to make up.
#[derive(Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", default)]
struct ActivityBody {
    #[schema(maximum = 100)]
    #[validate(range(max = 100, message = "Au plus 100 comptes."))]
    new_users: u8,
    #[schema(maximum = 100)]
    #[validate(range(max = 100, message = "Au plus 100 commandes."))]
    new_orders: u8,
    /// Told again in the answer.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    #[validate(range(min = 0, max = 1_000_000_000, message = "Le chiffre d’affaires doit être positif."))]
    new_revenue: i64,
}

/// How much was made up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SimulatedActivity {
    users_added: usize,
    orders_added: usize,
    revenue_added: i64,
    timestamp: Iso,
}

/// Something was made up.
#[derive(Serialize, ToSchema)]
struct ActivityAnswer {
    success: bool,
    message: &'static str,
    data: SimulatedActivity,
}

/// Makes up so many accounts and orders.
#[utoipa::path(post, path = "/dev/simulate-new-activity", tag = "Development", request_body = ActivityBody,
    responses((status = 200, body = ActivityAnswer), (status = 400, body = ErrorBody)))]
async fn simulate(
    State(state): State<AppState>,
    _: Near,
    OptionalJson(body): OptionalJson<ActivityBody>,
) -> ApiResult<Json<ActivityAnswer>> {
    let made = activity::simulate(&state, body.new_users, body.new_orders).await?;
    let data = SimulatedActivity {
        users_added: made.users,
        orders_added: made.orders,
        revenue_added: body.new_revenue,
        timestamp: state.clock.now().into(),
    };
    Ok(Json(ActivityAnswer { success: true, message: "L’activité est simulée.", data }))
}

/// How much is gone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Cleaned {
    orders_deleted: i64,
    users_deleted: i64,
    notifications_deleted: i64,
}

/// What was made up is gone.
#[derive(Serialize, ToSchema)]
struct CleanAnswer {
    success: bool,
    message: &'static str,
    data: Cleaned,
}

/// Removes all that is made up, the demonstration too.
#[utoipa::path(delete, path = "/dev/cleanup-admin-test-data", tag = "Development",
    responses((status = 200, body = CleanAnswer), (status = 409, body = ErrorBody, description = "DEMO_BUSY")))]
async fn clean_up(State(state): State<AppState>, _: Near) -> ApiResult<Json<CleanAnswer>> {
    let gone = service::remove(&state, SYSTEM).await?;
    let data = Cleaned {
        orders_deleted: gone.commandes,
        users_deleted: gone.users,
        notifications_deleted: gone.notifications,
    };
    Ok(Json(CleanAnswer { success: true, message: "Les données d’essai sont supprimées.", data }))
}

/// Who runs the platform now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Emptied {
    admin_created: String,
}

/// The database is new.
#[derive(Serialize, ToSchema)]
struct ResetAnswer {
    success: bool,
    message: &'static str,
    data: Emptied,
}

/// Empties the database but for the content of the site, and adds the accounts of the seeds again.
#[utoipa::path(post, path = "/dev/reset-database", tag = "Development",
    responses((status = 200, body = ResetAnswer)))]
async fn reset(State(state): State<AppState>, _: Near) -> ApiResult<Json<ResetAnswer>> {
    tables::empty(&state.db, &KEPT).await?;
    seeds::apply(&state.db, &state.config, &state.clock, &state.passwords)
        .await
        .map_err(ApiError::internal)?;
    let data = Emptied { admin_created: state.config.seeds.admin.email.clone() };
    Ok(Json(ResetAnswer { success: true, message: "La base de données est réinitialisée.", data }))
}

/// An invoice as they are drawn. Nothing is stored, no number is taken.
#[utoipa::path(get, path = "/dev/sample-invoice", tag = "Development",
    responses((status = 200, content_type = "application/pdf")))]
async fn sample_invoice(State(state): State<AppState>, _: Near) -> ApiResult<Response> {
    let document = sample::invoice(&state.config, state.clock.today_in_paris());
    let bytes = tokio::task::spawn_blocking(move || invoices::document::render(&document))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    let headers = [
        (CONTENT_TYPE, "application/pdf"),
        (CONTENT_DISPOSITION, "attachment; filename=\"facture-exemple-staka-livres.pdf\""),
    ];
    Ok((headers, bytes).into_response())
}
