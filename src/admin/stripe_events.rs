//! `/admin/stripe-events`: the webhook inbox.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    app::AppState,
    auth::Admin,
    http::{
        ApiError, ApiJson, ApiPath, ApiQuery, ApiResult, ErrorBody,
        iso::Iso,
        list::{Pagination, Paging, Tally, Words, day, one_of},
    },
    payments::desk::{self, EventFilter, EventStatus, InboxEvent},
};

const STATUSES: [(&str, EventStatus); 5] = [
    ("PROCESSED", EventStatus::Processed),
    ("FAILED", EventStatus::Failed),
    ("UNMATCHED", EventStatus::Unmatched),
    ("DISCARDED", EventStatus::Discarded),
    ("PARKED", EventStatus::Parked),
];

/// Longest comment, in characters.
const COMMENT_MAX: usize = 1_000;

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(retry))
        .routes(routes!(discard))
}

/// Which events to list.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Only those that stand there.
    #[param(value_type = Option<EventStatus>)]
    status: Option<String>,
    /// Only those of this type, such as `charge.refunded`.
    #[serde(rename = "type")]
    #[param(max_length = 100)]
    kind: Option<String>,
    /// Part of the id of the event, or of what it speaks of.
    #[param(max_length = 100)]
    search: Option<String>,
    /// First day, in France: `2026-03-09`, or an instant of it.
    #[param(max_length = 40)]
    date_from: Option<String>,
    /// Last day, in France, itself included.
    #[param(max_length = 40)]
    date_to: Option<String>,
}

impl EventsQuery {
    fn read(self) -> ApiResult<EventFilter> {
        let ascii = |text: &str| if text.is_ascii() { text.to_owned() } else { "?".to_owned() };
        let kind = self.kind.as_deref().map(str::trim).filter(|name| !name.is_empty());
        // Ids are ASCII, and so are their columns: another text is in none.
        let search = self.search.as_deref().map(ascii);
        Ok(EventFilter {
            status: one_of("status", self.status.as_deref(), &STATUSES).map_err(|_| no_status())?,
            kind: kind.map(ascii),
            words: Words::read("search", search.as_deref())?,
            first: day("dateFrom", self.date_from.as_deref())?,
            last: day("dateTo", self.date_to.as_deref())?,
        })
    }
}

fn no_status() -> ApiError {
    ApiError::invalid_field("status", "Le filtre « status » doit être l’état d’un événement.")
}

/// An event that Stripe told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StripeEventRow {
    /// `evt_...`.
    id: String,
    #[serde(rename = "type")]
    kind: String,
    status: EventStatus,
    /// What it speaks of: `cs_...`, `ch_...`.
    object_id: Option<String>,
    /// The payment it waits for.
    awaits: Option<String>,
    /// Deliveries and tries so far.
    attempts: u32,
    /// Why the last one failed.
    error: Option<String>,
    /// When it is tried again by itself.
    next_attempt_at: Option<Iso>,
    received_at: Iso,
    processed_at: Option<Iso>,
    discarded_at: Option<Iso>,
    /// Why it was given up.
    comment: Option<String>,
}

impl From<InboxEvent> for StripeEventRow {
    fn from(row: InboxEvent) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            status: row.status.0,
            object_id: row.object_id,
            awaits: row.awaits,
            attempts: row.attempts,
            error: row.last_error,
            next_attempt_at: row.next_attempt_at.map(Iso),
            received_at: row.received_at.into(),
            processed_at: row.processed_at.map(Iso),
            discarded_at: row.discarded_at.map(Iso),
            comment: row.comment,
        }
    }
}

/// How many events stand where, whatever is listed.
#[derive(Serialize, ToSchema)]
struct EventCounts {
    processed: u64,
    failed: u64,
    unmatched: u64,
    discarded: u64,
    parked: u64,
}

impl From<&Tally> for EventCounts {
    fn from(tally: &Tally) -> Self {
        let of = |status| tally.iter().find(|(name, _)| name == status).map_or(0, |(_, events)| *events);
        Self {
            processed: of("PROCESSED"),
            failed: of("FAILED"),
            unmatched: of("UNMATCHED"),
            discarded: of("DISCARDED"),
            parked: of("PARKED"),
        }
    }
}

/// A page of events.
#[derive(Serialize, ToSchema)]
struct EventPage {
    success: bool,
    data: Vec<StripeEventRow>,
    pagination: Pagination,
    counts: EventCounts,
}

/// One event.
#[derive(Serialize, ToSchema)]
struct EventAnswer {
    success: bool,
    data: StripeEventRow,
    message: &'static str,
}

/// One event and what it says.
#[derive(Serialize, ToSchema)]
struct EventDetail {
    #[serde(flatten)]
    event: StripeEventRow,
    /// Ids, amounts and states of it: nothing about people.
    #[schema(value_type = Object)]
    payload: Value,
}

/// One event and what it says.
#[derive(Serialize, ToSchema)]
struct EventDetailAnswer {
    success: bool,
    data: EventDetail,
}

/// Why an event is given up.
#[derive(Deserialize, Validate, ToSchema)]
struct DiscardBody {
    #[schema(min_length = 1, max_length = 1000)]
    comment: String,
}

/// What Stripe told, newest first.
#[utoipa::path(get, path = "/stripe-events", tag = "Administration", security(("bearer" = [])),
    params(Paging<20, 100>, EventsQuery),
    responses((status = 200, body = EventPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<20, 100>,
    ApiQuery(query): ApiQuery<EventsQuery>,
) -> ApiResult<Json<EventPage>> {
    let (listing, counts) = desk::list(&state, &query.read()?, page).await?;
    Ok(Json(EventPage {
        success: true,
        pagination: listing.place.into(),
        data: listing.rows.into_iter().map(StripeEventRow::from).collect(),
        counts: (&counts).into(),
    }))
}

/// One event, and what it says without what it says of people.
#[utoipa::path(get, path = "/stripe-events/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255)),
    responses((status = 200, body = EventDetailAnswer), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn one(
    State(state): State<AppState>,
    _: Admin,
    ApiPath(id): ApiPath<String>,
) -> ApiResult<Json<EventDetailAnswer>> {
    let (event, payload) = desk::one(&state, &id).await?;
    Ok(Json(EventDetailAnswer { success: true, data: EventDetail { event: event.into(), payload } }))
}

/// Applies an event now that failed, or that met no order; its status says what came of it.
#[utoipa::path(post, path = "/stripe-events/{id}/retry", tag = "Administration", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255)),
    responses((status = 200, body = EventAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, description = "`EVENT_SETTLED`", body = ErrorBody)))]
async fn retry(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiPath(id): ApiPath<String>,
) -> ApiResult<Json<EventAnswer>> {
    let event = desk::retry(&state, &admin.email, &id).await?;
    let message = match event.status.0 {
        EventStatus::Processed => "L’événement est appliqué.",
        EventStatus::Failed => "L’événement a de nouveau échoué ; les essais continuent.",
        EventStatus::Unmatched => "Aucune commande ne correspond à cet événement.",
        EventStatus::Parked => "L’événement attend toujours son paiement.",
        EventStatus::Discarded => "L’événement a été abandonné.",
    };
    Ok(Json(EventAnswer { success: true, data: event.into(), message }))
}

/// Gives an event up for good, for a reason that is kept.
#[utoipa::path(post, path = "/stripe-events/{id}/discard", tag = "Administration", security(("bearer" = [])),
    params(("id" = String, Path, max_length = 255)), request_body = DiscardBody,
    responses((status = 200, body = EventAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`EVENT_SETTLED`", body = ErrorBody)))]
async fn discard(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiPath(id): ApiPath<String>,
    ApiJson(body): ApiJson<DiscardBody>,
) -> ApiResult<Json<EventAnswer>> {
    let comment = body.comment.trim();
    if !(1..=COMMENT_MAX).contains(&comment.chars().count()) {
        return Err(ApiError::invalid_field("comment", "Le motif doit compter de 1 à 1 000 caractères."));
    }
    let data = desk::discard(&state, &admin.email, &id, comment).await?.into();
    Ok(Json(EventAnswer { success: true, data, message: "L’événement est abandonné." }))
}
