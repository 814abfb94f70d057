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
    service,
    store::Filter,
    view::{Project, Stage},
};
use crate::{
    app::AppState,
    auth::Session,
    http::{
        ApiQuery, ApiResult, ErrorBody,
        list::{DataMeta, Paging, Words, one_of},
    },
};

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// The names of the tabs.
const TABS: [(&str, Option<Stage>); 4] = [
    ("all", None),
    ("active", Some(Stage::Active)),
    ("pending", Some(Stage::Pending)),
    ("completed", Some(Stage::Completed)),
];

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_projects)).routes(routes!(count_projects))
}

/// Which projects to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `all` (default), `active`, `pending` or `completed`.
    #[param(pattern = "^(all|active|pending|completed)?$")]
    status: Option<String>,
    /// Words of the title.
    #[param(max_length = 100)]
    search: Option<String>,
}

/// The caller's projects; the total is also in `X-Total-Count`.
#[utoipa::path(get, path = "/projects", tag = "Projects", security(("bearer" = [])),
    params(Paging<10, 50>, ListQuery),
    responses((status = 200, body = DataMeta<Project>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody)))]
async fn list_projects(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<10, 50>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<([(HeaderName, HeaderValue); 1], Json<DataMeta<Project>>)> {
    let filter = Filter {
        user_id: user.id,
        stage: one_of("status", query.status.as_deref(), &TABS)?.flatten(),
        words: Words::read("search", query.search.as_deref())?,
    };
    let listing = service::list(&state, &filter, page).await?;
    Ok(([(TOTAL, listing.place.total.into())], Json(listing.into())))
}

/// How many projects stand under each tab.
#[derive(Serialize, ToSchema)]
struct Counts {
    /// All of them, cancelled and suspended ones too.
    all: i64,
    active: i64,
    pending: i64,
    completed: i64,
}

/// How many projects the caller has under each tab.
#[utoipa::path(get, path = "/projects/counts", tag = "Projects", security(("bearer" = [])),
    responses((status = 200, body = Counts), (status = 401, body = ErrorBody)))]
async fn count_projects(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<Counts>> {
    let service::Counts { all, active, pending, completed } = service::counts(&state, user.id).await?;
    Ok(Json(Counts { all, active, pending, completed }))
}
