//! What Stripe knows of the price list, and telling it.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::AdminTarif;
use crate::{
    app::AppState,
    auth::Admin,
    http::{ApiResult, ErrorBody, PathId},
    payments::catalogue::{self, Need, Synced},
    tarifs::lines::{self, Line},
};

/// The routes about Stripe.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stripe_status)).routes(routes!(sync_all)).routes(routes!(sync_one))
}

/// What was done at Stripe.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SyncAction {
    Created,
    Updated,
    Disabled,
    Skipped,
    Error,
}

/// What became of a line at Stripe.
#[derive(Serialize, ToSchema)]
pub(super) struct SyncInfo {
    success: bool,
    action: SyncAction,
    message: String,
}

/// What became of a line at Stripe, and what it is called there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SyncReport {
    #[serde(flatten)]
    info: SyncInfo,
    tarif_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_product_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_price_id: Option<String>,
}

impl From<&Synced> for SyncInfo {
    fn from(synced: &Synced) -> Self {
        let (action, what) = match &synced.done {
            Ok(Need::Create) => (SyncAction::Created, "est créé chez Stripe"),
            Ok(Need::Update) => (SyncAction::Updated, "est à jour chez Stripe"),
            Ok(Need::Disable) => (SyncAction::Disabled, "n’est plus proposé chez Stripe"),
            Ok(Need::Skip) => (SyncAction::Skipped, "n’a rien à faire chez Stripe"),
            // What Stripe says stands in the log: it is no text for people.
            Err(_) => (SyncAction::Error, "n’a pas pu être synchronisé avec Stripe"),
        };
        let message = format!("Le tarif « {} » {what}.", synced.nom);
        Self { success: synced.done.is_ok(), action, message }
    }
}

impl From<Synced> for SyncReport {
    fn from(synced: Synced) -> Self {
        Self {
            info: SyncInfo::from(&synced),
            tarif_id: synced.id,
            stripe_product_id: synced.product_id,
            stripe_price_id: synced.price_id,
        }
    }
}

/// What became of one line at Stripe.
#[derive(Serialize, ToSchema)]
struct SyncOne {
    success: bool,
    data: SyncReport,
    message: String,
}

/// How much was done.
#[derive(Default, Serialize, ToSchema)]
struct SyncSummary {
    total: usize,
    created: usize,
    updated: usize,
    disabled: usize,
    skipped: usize,
    errors: usize,
}

/// What became of every line at Stripe.
#[derive(Serialize, ToSchema)]
struct SyncAll {
    success: bool,
    data: Vec<SyncReport>,
    summary: SyncSummary,
    message: &'static str,
}

/// A line, and what Stripe says of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListedTarif {
    #[serde(flatten)]
    tarif: AdminTarif,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_product_active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_price_active: Option<bool>,
}

/// How much of the list Stripe knows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StripeSummary {
    total: usize,
    with_stripe_product: usize,
    with_stripe_price: usize,
    active_only: usize,
}

/// The list beside Stripe's.
#[derive(Serialize, ToSchema)]
struct StripeStatus {
    success: bool,
    data: Vec<ListedTarif>,
    summary: StripeSummary,
    message: &'static str,
}

/// The list beside Stripe's.
#[utoipa::path(get, path = "/tarifs/stripe-status", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = StripeStatus), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn stripe_status(State(state): State<AppState>, _: Admin) -> ApiResult<Json<StripeStatus>> {
    let listed = catalogue::status(&state).await?;
    let count = |is: fn(&Line) -> bool| listed.iter().filter(|listed| is(&listed.line)).count();
    let summary = StripeSummary {
        total: listed.len(),
        with_stripe_product: count(|line| line.stripe_product_id.is_some()),
        with_stripe_price: count(|line| line.stripe_price_id.is_some()),
        active_only: count(|line| line.actif),
    };
    let data = listed.into_iter().map(|listed| ListedTarif {
        tarif: listed.line.into(),
        stripe_product_active: listed.product_active,
        stripe_price_active: listed.price_active,
    });
    let message = "État de la synchronisation récupéré avec succès.";
    Ok(Json(StripeStatus { success: true, data: data.collect(), summary, message }))
}

/// Tells Stripe about every line.
#[utoipa::path(post, path = "/tarifs/sync-stripe", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = SyncAll), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn sync_all(State(state): State<AppState>, Admin(admin): Admin) -> ApiResult<Json<SyncAll>> {
    let (mut data, mut summary) = (Vec::new(), SyncSummary::default());
    for line in lines::all(&state).await? {
        let synced = catalogue::sync(&state, &admin.email, &line).await?;
        summary.total += 1;
        *match &synced.done {
            Ok(Need::Create) => &mut summary.created,
            Ok(Need::Update) => &mut summary.updated,
            Ok(Need::Disable) => &mut summary.disabled,
            Ok(Need::Skip) => &mut summary.skipped,
            Err(_) => &mut summary.errors,
        } += 1;
        data.push(SyncReport::from(synced));
    }
    let message = match summary.errors {
        0 => "Les tarifs sont synchronisés avec Stripe.",
        _ => "Certains tarifs n’ont pas pu être synchronisés avec Stripe.",
    };
    Ok(Json(SyncAll { success: summary.errors == 0, data, summary, message }))
}

/// Tells Stripe about one line.
#[utoipa::path(post, path = "/tarifs/{id}/sync-stripe", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = SyncOne), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn sync_one(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<SyncOne>> {
    let line = lines::one(&state, id).await?;
    let data = SyncReport::from(catalogue::sync(&state, &admin.email, &line).await?);
    Ok(Json(SyncOne { success: data.info.success, message: data.info.message.clone(), data }))
}
