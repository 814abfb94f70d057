//! The projects' URLs.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::{
    store::{self, Filter},
    view::{Project, Stage},
};
use crate::{
    app::AppState,
    auth::Session,
    http::{ApiError, ApiQuery, ApiResult, ErrorBody, page_params},
};

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// Longest search, in characters.
const LONGEST_SEARCH: usize = 100;

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_projects)).routes(routes!(count_projects))
}

/// Which projects to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Page number, from 1.
    #[param(value_type = Option<u32>)]
    page: Option<String>,
    /// Projects per page, 10 by default, 50 at most.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `all` (default), `active`, `pending` or `completed`.
    status: Option<String>,
    /// Words of the title, 100 characters at most.
    search: Option<String>,
}

/// Where a page stands in the whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Meta {
    page: u32,
    page_size: u32,
    total: u64,
}

/// A page of projects.
#[derive(Serialize, ToSchema)]
struct ProjectList {
    data: Vec<Project>,
    meta: Meta,
}

/// The caller's projects; the total is also in `X-Total-Count`.
#[utoipa::path(get, path = "/projects", tag = "Projets", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = ProjectList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn list_projects(
    State(state): State<AppState>,
    Session(user): Session,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<([(HeaderName, HeaderValue); 1], Json<ProjectList>)> {
    let page = page_params(query.page.as_deref(), query.limit.as_deref(), 10, 50)?;
    let filter =
        Filter { user_id: user.id, stage: stage(query.status.as_deref())?, words: words(query.search)? };
    let mut conn = state.db.conn().await?;
    let total = store::count(&mut conn, &filter).await?.unsigned_abs();
    let rows = store::list(&mut conn, &filter, page).await?;
    let list = ProjectList {
        data: rows.into_iter().map(Project::from).collect(),
        meta: Meta { page: page.page, page_size: page.limit, total },
    };
    Ok(([(TOTAL, total.into())], Json(list)))
}

fn stage(status: Option<&str>) -> ApiResult<Option<Stage>> {
    match status {
        None | Some("" | "all") => Ok(None),
        Some("active") => Ok(Some(Stage::Active)),
        Some("pending") => Ok(Some(Stage::Pending)),
        Some("completed") => Ok(Some(Stage::Completed)),
        Some(_) => Err(ApiError::invalid_field(
            "status",
            "Le filtre « status » doit être all, active, pending ou completed.",
        )),
    }
}

fn words(search: Option<String>) -> ApiResult<Vec<String>> {
    let search = search.unwrap_or_default();
    if search.chars().count() > LONGEST_SEARCH {
        return Err(ApiError::invalid_field("search", "La recherche ne peut pas dépasser 100 caractères."));
    }
    Ok(search.split_whitespace().map(str::to_owned).collect())
}

/// How many projects stand under each tab.
#[derive(Default, Serialize, ToSchema)]
struct Counts {
    /// All of them, cancelled and suspended ones too.
    all: i64,
    active: i64,
    pending: i64,
    completed: i64,
}

/// How many projects the caller has under each tab.
#[utoipa::path(get, path = "/projects/counts", tag = "Projets", security(("bearer" = [])),
    responses((status = 200, body = Counts), (status = 401, body = ErrorBody)))]
async fn count_projects(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<Counts>> {
    let mut conn = state.db.conn().await?;
    let mut counts = Counts::default();
    for (statut, total) in store::by_statut(&mut conn, user.id).await? {
        counts.all += total;
        match Stage::of(statut) {
            Stage::Active => counts.active += total,
            Stage::Pending => counts.pending += total,
            Stage::Completed => counts.completed += total,
            Stage::Cancelled | Stage::Suspended => {}
        }
    }
    Ok(Json(counts))
}
