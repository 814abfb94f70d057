//! The figures' URLs.

use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::store::{self, Annual};
use crate::{
    app::AppState,
    auth::Session,
    clock::start_of_day_in_paris,
    http::{ApiError, ApiQuery, ApiResult, ErrorBody},
};

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(annual))
}

/// Cents for which an order whose pages nobody counted counts one.
const PAGE_PRICE: i64 = 200;

/// Which year.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnnualQuery {
    /// Four digits.
    #[param(required = true, pattern = "^[0-9]{4}$", min_length = 4, max_length = 4)]
    year: Option<String>,
}

/// A year of an author.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AnnualStats {
    /// Cents paid, less what was given back.
    total_spent: i64,
    /// Pages of the orders invoiced: as counted, else as declared, else one for every 2 EUR.
    pages_corrected: i64,
    /// Orders invoiced.
    orders: i64,
}

/// What the caller's invoices of a year come to, by the day of payment in Europe/Paris.
#[utoipa::path(get, path = "/stats/annual", tag = "Statistics", security(("bearer" = [])),
    params(AnnualQuery),
    responses((status = 200, body = AnnualStats), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn annual(
    State(state): State<AppState>,
    Session(user): Session,
    ApiQuery(query): ApiQuery<AnnualQuery>,
) -> ApiResult<Json<AnnualStats>> {
    let year = read_year(query.year.as_deref())?;
    let Annual { spent, pages, orders } = match (first_instant(year), first_instant(year + 1)) {
        (Some(from), Some(until)) => {
            let mut conn = state.db.conn().await?;
            let figures = store::annual(&mut conn, user.id, from, until, PAGE_PRICE).await?;
            conn.release();
            figures
        }
        // Before money, and after what the database can tell.
        _ => Annual::default(),
    };
    Ok(Json(AnnualStats { total_spent: spent, pages_corrected: pages, orders }))
}

fn read_year(text: Option<&str>) -> ApiResult<i32> {
    text.filter(|text| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| ApiError::invalid_field("year", "L’année s’écrit en quatre chiffres."))
}

fn first_instant(year: i32) -> Option<DateTime<Utc>> {
    let dated = (1000..=9999).contains(&year);
    NaiveDate::from_ymd_opt(year, 1, 1).filter(|_| dated).map(start_of_day_in_paris)
}
