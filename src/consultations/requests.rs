//! The team's side: the calls that were booked, and where each request stands.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    Call, Status, slots,
    store::{self, Filter, Request, RequestSort},
    told::{self, ConsultationProcessed},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::{Admin, SessionUser},
    db::with_retry,
    events,
    http::{
        ApiError, ApiJson, ApiQuery, ApiResult, ErrorBody, Page, PathId,
        iso::Iso,
        list::{Listing, Paging, Sort, Sorting, SuccessList, Words, day, flag, one_of},
    },
};

/// Longest note of the team, in characters.
const NOTE_MAX: usize = 5_000;

const STATUSES: [(&str, Status); 5] = [
    ("BROUILLON", Status::Brouillon),
    ("ENVOYE", Status::Envoye),
    ("DELIVRE", Status::Delivre),
    ("LU", Status::Lu),
    ("ARCHIVE", Status::Archive),
];

/// `GET /consultations/requests` and `PUT /consultations/requests/{id}`.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(process))
}

/// Which requests to list.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct RequestQuery {
    /// Only those that stand there.
    #[param(pattern = "^(BROUILLON|ENVOYE|DELIVRE|LU|ARCHIVE)?$")]
    status: Option<String>,
    /// `true` for cancelled calls, `false` for the others.
    #[param(pattern = "^(true|false)?$")]
    cancelled: Option<String>,
    /// Only calls of this day or later, in France.
    #[param(format = Date)]
    date_from: Option<String>,
    /// Only calls of this day or earlier.
    #[param(format = Date)]
    date_to: Option<String>,
    /// Words in the name or the address.
    #[param(max_length = 100)]
    search: Option<String>,
}

/// A booked call as the team sees it: its own fields, and those of the message that such a request once was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConsultationRow {
    id: Uuid,
    /// The message of the conversation that tells of it.
    message_id: Option<Uuid>,
    conversation_id: Option<Uuid>,
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
    /// When the call begins.
    requested_date_time: Iso,
    message: Option<String>,
    admin_note: Option<String>,
    processed_at: Option<Iso>,
    cancelled_at: Option<Iso>,
    /// How often it was moved or cancelled.
    sequence: u32,
    /// Always `CONSULTATION_REQUEST`.
    #[serde(rename = "type")]
    kind: &'static str,
    statut: Status,
    subject: &'static str,
    content: String,
    is_read: bool,
    is_archived: bool,
    is_from_visitor: bool,
    visitor_name: String,
    visitor_email: String,
    visitor_phone: String,
    /// `{consultationRequest, adminNote?, processedAt?}`.
    metadata: Value,
    created_at: Iso,
    updated_at: Iso,
}

impl From<Request> for ConsultationRow {
    fn from(row: Request) -> Self {
        let content = told::summary(&row.call(), row.message.as_deref());
        let metadata = metadata(&row);
        let status = row.status.0;
        Self {
            id: row.id,
            message_id: row.message_id,
            conversation_id: row.conversation_id,
            visitor_name: format!("{} {}", row.first_name, row.last_name),
            visitor_email: row.email.clone(),
            visitor_phone: row.phone.clone(),
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            phone: row.phone,
            requested_date_time: row.starts_at.into(),
            message: row.message,
            admin_note: row.admin_note,
            processed_at: row.processed_at.map(Iso),
            cancelled_at: row.cancelled_at.map(Iso),
            sequence: row.sequence,
            kind: "CONSULTATION_REQUEST",
            statut: status,
            subject: told::SUBJECT,
            content,
            is_read: matches!(status, Status::Lu | Status::Archive),
            is_archived: status == Status::Archive,
            is_from_visitor: true,
            metadata,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

fn metadata(row: &Request) -> Value {
    let mut metadata =
        json!({ "consultationRequest": told::asked(&row.call(), row.message.as_deref(), row.source.0) });
    if let Some(fields) = metadata.as_object_mut() {
        fields.extend(row.admin_note.as_ref().map(|note| ("adminNote".to_owned(), json!(note))));
        fields.extend(row.processed_at.map(|at| ("processedAt".to_owned(), json!(Iso(at)))));
    }
    metadata
}

impl Request {
    fn call(&self) -> Call {
        Call {
            id: self.id,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            starts_at: self.starts_at,
            sequence: self.sequence,
        }
    }
}

/// The calls that were booked, the newest bookings first.
#[utoipa::path(get, path = "/consultations/requests", tag = "Consultations", security(("bearer" = [])),
    params(RequestQuery, Paging<50, 100>, Sorting<RequestSort>),
    responses((status = 200, body = SuccessList<ConsultationRow>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<50, 100>,
    Sorting(sort): Sorting<RequestSort>,
    ApiQuery(query): ApiQuery<RequestQuery>,
) -> ApiResult<Json<SuccessList<ConsultationRow>>> {
    let filter = Filter {
        status: one_of("status", query.status.as_deref(), &STATUSES)?,
        cancelled: flag(query.cancelled.as_deref()),
        first: day("dateFrom", query.date_from.as_deref())?,
        last: day("dateTo", query.date_to.as_deref())?,
        words: Words::read("search", query.search.as_deref())?,
    };
    let listing = page_of(&state, &filter, sort, page).await?;
    Ok(Json(SuccessList::new(listing.map(ConsultationRow::from), "Demandes de consultation récupérées.")))
}

async fn page_of(
    state: &AppState,
    filter: &Filter,
    sort: Sort<RequestSort>,
    page: Page,
) -> ApiResult<Listing<Request>> {
    let mut conn = state.db.conn().await?;
    let rows = store::requests(&mut conn, filter, sort, page).await?;
    let count = store::count_requests(&mut conn, filter);
    let listing = state.totals.listing("consultations", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// What the team makes of a request.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProcessBody {
    /// `LU` when absent.
    status: Option<Status>,
    /// The team's own note, which nobody else reads; the former one stays when absent.
    #[schema(max_length = 5000)]
    #[validate(custom(function = short_note))]
    admin_note: Option<String>,
}

fn short_note(note: &str) -> Result<(), validator::ValidationError> {
    match note.chars().count() <= NOTE_MAX {
        true => Ok(()),
        false => Err(validator::ValidationError::new("length")
            .with_message("La note ne peut pas dépasser 5 000 caractères.".into())),
    }
}

/// A request as it stands now.
#[derive(Serialize, ToSchema)]
struct ConsultationAnswer {
    success: bool,
    message: &'static str,
    data: ConsultationRow,
}

/// Notes where a request stands. The first time, whoever booked a call to come reads that the team saw it.
#[utoipa::path(put, path = "/consultations/requests/{id}", tag = "Consultations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Of the request, or of its message")), request_body = ProcessBody,
    responses((status = 200, body = ConsultationAnswer), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn process(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<ProcessBody>,
) -> ApiResult<Json<ConsultationAnswer>> {
    let request = with_retry(|| processed(&state, &admin, id, &body)).await?;
    Ok(Json(ConsultationAnswer {
        success: true,
        message: "La demande de consultation est à jour.",
        data: request.into(),
    }))
}

async fn processed(
    state: &AppState,
    admin: &SessionUser,
    id: Uuid,
    body: &ProcessBody,
) -> ApiResult<Request> {
    let absent = || ApiError::not_found("Cette demande de consultation n’existe pas.");
    let status = body.status.unwrap_or_default();
    let mut tx = state.begin().await?;
    let now = tx.now();
    let (id, fresh) = store::lock_request(&mut tx, id).await?.ok_or_else(absent)?;
    store::process(&mut tx, now, id, status, body.admin_note.as_deref().map(str::trim)).await?;
    let request = store::request(&mut tx, id).await?.ok_or_else(absent)?;
    let details =
        json!({ "status": status, "startsAt": Iso(request.starts_at), "noted": body.admin_note.is_some() });
    audit::record(&mut tx, acts::CONSULTATION_PROCESSED, &admin.email, id, details).await?;
    let seen = matches!(status, Status::Delivre | Status::Lu | Status::Archive);
    let to_come = request.cancelled_at.is_none() && request.starts_at + slots::LENGTH > now;
    if fresh && seen && to_come {
        events::record(&mut tx, ConsultationProcessed { call: request.call() }).await?;
    }
    tx.commit().await?;
    Ok(request)
}
