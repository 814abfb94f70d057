//! `/admin/audit`: who did what. Reading it is on record too, and rings no bell.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, Response, header},
};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    app::AppState,
    audit::{
        Severity, Target, acts,
        chain::purge,
        export::{self, AuditLog, Format},
        service::{self, Asked, Counts},
        store::{AuditSort, Filter},
    },
    auth::Admin,
    http::{
        ApiQuery, ApiResult, ErrorBody, alias, disposition,
        iso::Iso,
        list::{PagesPagination, Paging, Sorting, Words, day, one_of, query_number},
    },
};

/// Days kept unless a cleanup says how many.
const DAYS_KEPT: u32 = 90;

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(alias::at("/audit", routes!(list)))
        .routes(alias::at("/logs", routes!(list)))
        .routes(routes!(stats))
        .routes(routes!(export))
        .routes(routes!(cleanup))
}

/// Which rows are meant.
#[derive(Deserialize, Serialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Part of the name of an act, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    #[validate(length(max = 100, message = "L’action ne peut pas dépasser 100 caractères."))]
    action: Option<String>,
    /// Part of the address of who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 100)]
    admin_email: Option<String>,
    /// Only those that matter so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Severity>)]
    severity: Option<String>,
    /// Only those about such things.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Target>)]
    target_type: Option<String>,
    /// First day, in France: `2026-03-09`, or an instant of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 40)]
    date_from: Option<String>,
    /// Last day, in France, itself included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(max_length = 40)]
    date_to: Option<String>,
}

impl AuditQuery {
    fn read(self) -> ApiResult<Asked> {
        let query = serde_json::to_value(&self).unwrap_or_default();
        let severities = Severity::ALL.map(|severity| (severity.name(), severity));
        let targets = Target::ALL.map(|target| (target.name(), target));
        let actor = Words::read("adminEmail", self.admin_email.as_deref())?;
        let filter = Filter {
            actions: None,
            actors: None,
            // Addresses are stored in lower case.
            actor: actor.iter().map(|word| word.to_lowercase()).collect(),
            severity: one_of("severity", self.severity.as_deref(), &severities)?,
            target: one_of("targetType", self.target_type.as_deref(), &targets)?,
            first: day("dateFrom", self.date_from.as_deref())?,
            last: day("dateTo", self.date_to.as_deref())?,
        };
        let action = self.action.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Asked { filter, action, query: without_blanks(query) })
    }
}

/// What was asked for, without what was left empty.
fn without_blanks(query: Value) -> Value {
    let Value::Object(pairs) = query else { return Value::Null };
    Value::Object(pairs.into_iter().filter(|(_, value)| value != "").collect::<Map<_, _>>())
}

/// How often an act was recorded.
#[derive(Serialize, ToSchema)]
struct ActionCount {
    action: String,
    count: u64,
}

/// How many rows the log has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogCounts {
    /// Rows that fit the filter.
    total: u64,
    /// Rows by severity, of the whole log.
    by_severity: BTreeMap<String, u64>,
    /// The ten most frequent acts of the whole log.
    top_actions: Vec<ActionCount>,
}

fn by_severity(counts: &Counts) -> BTreeMap<String, u64> {
    counts.by_severity().map(|(name, rows)| (name.to_owned(), rows)).collect()
}

fn top_actions(counts: &Counts) -> Vec<ActionCount> {
    let top = counts.top_acts().into_iter();
    top.map(|(action, count)| ActionCount { action: action.to_owned(), count }).collect()
}

/// A page of the log.
#[derive(Serialize, ToSchema)]
struct LogPage {
    logs: Vec<AuditLog>,
    pagination: PagesPagination,
    stats: LogCounts,
}

/// The audit log, newest first unless another order is asked for.
#[utoipa::path(get, path = "/audit/logs", tag = "Administration", security(("bearer" = [])),
    params(Paging<50, 200>, Sorting<AuditSort>, AuditQuery),
    responses((status = 200, body = LogPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Paging(page): Paging<50, 200>,
    Sorting(sort): Sorting<AuditSort>,
    ApiQuery(query): ApiQuery<AuditQuery>,
) -> ApiResult<Json<LogPage>> {
    let (listing, counts) = service::list(&state, &admin.email, query.read()?, sort, page).await?;
    let stats = LogCounts {
        total: listing.place.total,
        by_severity: by_severity(&counts),
        top_actions: top_actions(&counts),
    };
    let logs = listing.rows.into_iter().map(AuditLog::from).collect();
    Ok(Json(LogPage { logs, pagination: listing.place.into(), stats }))
}

/// How many acts were recorded lately.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogOverview {
    total_logs: u64,
    #[serde(rename = "last24hLogs")]
    last24h_logs: u64,
    #[serde(rename = "last7dLogs")]
    last7d_logs: u64,
    #[serde(rename = "last30dLogs")]
    last30d_logs: u64,
}

/// Acts of one day.
#[derive(Serialize, ToSchema)]
struct DayCount {
    /// In UTC.
    #[schema(format = Date)]
    date: String,
    count: u64,
}

/// The figures of the log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogStats {
    overview: LogOverview,
    severity_stats: BTreeMap<String, u64>,
    /// The ten most frequent acts.
    top_actions: Vec<ActionCount>,
    /// The last seven days, those without an act left out.
    daily_activity: Vec<DayCount>,
}

/// The figures of the audit log.
#[utoipa::path(get, path = "/audit/stats", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = LogStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn stats(State(state): State<AppState>, Admin(admin): Admin) -> ApiResult<Json<LogStats>> {
    let figures = service::figures(&state, &admin.email).await?;
    let [total_logs, last24h_logs, last7d_logs, last30d_logs] = figures.totals;
    let days = figures.days.iter().map(|(date, count)| DayCount { date: date.clone(), count: *count });
    Ok(Json(LogStats {
        overview: LogOverview { total_logs, last24h_logs, last7d_logs, last30d_logs },
        severity_stats: by_severity(&figures.counts),
        top_actions: top_actions(&figures.counts),
        daily_activity: days.collect(),
    }))
}

/// How to write an export.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct FormatQuery {
    /// `json`, or a table for anything else.
    #[param(max_length = 10)]
    format: Option<String>,
}

/// The whole log, newest first, as a file: nothing is left out, however long it is.
#[utoipa::path(get, path = "/audit/export", tag = "Administration", security(("bearer" = [])),
    params(AuditQuery, FormatQuery),
    responses((status = 200, description = "The file", content(
                (String = "text/csv"),
                (Vec<AuditLog> = "application/json"),
              )),
              (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn export(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiQuery(query): ApiQuery<AuditQuery>,
    ApiQuery(format): ApiQuery<FormatQuery>,
) -> ApiResult<Response<Body>> {
    let format = if format.format.as_deref() == Some("json") { Format::Json } else { Format::Csv };
    let filter = service::exporting(&state, &admin.email, format.name(), query.read()?).await?;
    let name = format!("audit-logs-{}.{}", state.clock.now().format("%Y-%m-%d"), format.name());
    let pieces = export::stream(state.db.clone(), filter, format).map(|piece| piece.map(|(bytes, _)| bytes));
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.mime()));
    headers.insert(header::CONTENT_DISPOSITION, disposition::attachment(&name));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// What to keep.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct CleanupQuery {
    /// How many days are kept; 90 unless it is a number.
    #[param(value_type = Option<u32>, minimum = 30, maximum = 3650)]
    days: Option<String>,
}

/// What went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Cleanup {
    message: &'static str,
    deleted_count: u64,
    /// Nothing of this instant or later went.
    #[schema(value_type = String, format = DateTime)]
    cutoff_date: Iso,
}

/// Removes what is older than so many days. What was sealed together goes together, once all of it is old enough.
#[utoipa::path(delete, path = "/audit/cleanup", tag = "Administration", security(("bearer" = [])), params(CleanupQuery),
    responses((status = 200, body = Cleanup), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn cleanup(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiQuery(query): ApiQuery<CleanupQuery>,
) -> ApiResult<Json<Cleanup>> {
    let days = query_number("days", query.days.as_deref(), DAYS_KEPT, u32::MAX)?;
    let cleaned = purge::clean(&state, &admin.email, days).await;
    let cleaned = service::noting(&state, &admin.email, acts::AUDIT_LOGS_CLEANUP_ERROR, cleaned).await?;
    Ok(Json(Cleanup {
        message: "Le journal d’audit est épuré.",
        deleted_count: cleaned.rows,
        cutoff_date: Iso(cleaned.cutoff),
    }))
}
