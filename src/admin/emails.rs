//! `/admin/emails`: the outbox.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    app::AppState,
    auth::Admin,
    emails::desk::{
        self, Preview,
        store::{Filter, Status, StoredMail},
    },
    http::{
        ApiQuery, ApiResult, ErrorBody, PathId,
        iso::Iso,
        list::{Pagination, Paging, Tally, Words, day, one_of},
    },
};

const STATUSES: [(&str, Status); 3] =
    [("PENDING", Status::Pending), ("SENT", Status::Sent), ("DEAD", Status::Dead)];

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one)).routes(routes!(retry))
}

/// Which mails to list.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct OutboxQuery {
    /// Only those that stand there.
    #[param(value_type = Option<Status>)]
    status: Option<String>,
    /// Only those of this kind, such as `invoice-user`.
    #[param(max_length = 64)]
    template: Option<String>,
    /// Only those to this address.
    #[param(max_length = 255)]
    to: Option<String>,
    /// Words of the address or the name of the addressee.
    #[param(max_length = 100)]
    search: Option<String>,
    /// First day, in France: `2026-03-09`, or an instant of it.
    #[param(max_length = 40)]
    date_from: Option<String>,
    /// Last day, in France, itself included.
    #[param(max_length = 40)]
    date_to: Option<String>,
}

impl OutboxQuery {
    fn read(self) -> ApiResult<Filter> {
        let given =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        // Names of kinds are ASCII, and so is the column: another text names none.
        let template = given(self.template).map(|name| if name.is_ascii() { name } else { "?".to_owned() });
        Ok(Filter {
            status: one_of("status", self.status.as_deref(), &STATUSES)?,
            template,
            to: given(self.to).map(|address| address.to_lowercase()),
            words: Words::read("search", self.search.as_deref())?,
            first: day("dateFrom", self.date_from.as_deref())?,
            last: day("dateTo", self.date_to.as_deref())?,
        })
    }
}

/// A mail of the outbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutboxMail {
    id: Uuid,
    /// Its kind.
    template: String,
    to: String,
    to_name: Option<String>,
    status: Status,
    /// Tries so far.
    attempts: u32,
    /// When it is tried (again), or when the worker that has it gives it back; nothing once it is settled.
    next_attempt_at: Option<Iso>,
    /// Why the last try failed.
    last_error: Option<String>,
    sent_at: Option<Iso>,
    created_at: Iso,
    updated_at: Iso,
}

impl From<StoredMail> for OutboxMail {
    fn from(row: StoredMail) -> Self {
        Self {
            id: row.id,
            template: row.template,
            to: row.to_email,
            to_name: row.to_name,
            status: row.status.0,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at.map(Iso),
            last_error: row.last_error,
            sent_at: row.sent_at.map(Iso),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// How many mails stand where, whatever is listed.
#[derive(Serialize, ToSchema)]
struct OutboxCounts {
    pending: u64,
    sent: u64,
    dead: u64,
}

impl From<&Tally> for OutboxCounts {
    fn from(tally: &Tally) -> Self {
        let of = |status| tally.iter().find(|(name, _)| name == status).map_or(0, |(_, mails)| *mails);
        Self { pending: of("PENDING"), sent: of("SENT"), dead: of("DEAD") }
    }
}

/// A page of the outbox.
#[derive(Serialize, ToSchema)]
struct OutboxPage {
    success: bool,
    data: Vec<OutboxMail>,
    pagination: Pagination,
    counts: OutboxCounts,
}

/// One mail.
#[derive(Serialize, ToSchema)]
struct OutboxAnswer {
    success: bool,
    data: OutboxMail,
    message: &'static str,
}

/// A mail and what it says.
#[derive(Serialize, ToSchema)]
struct OutboxPreview {
    #[serde(flatten)]
    mail: OutboxMail,
    subject: Option<String>,
    /// What inboxes show beside the subject.
    preheader: Option<String>,
    /// The HTML part, secret links masked; nothing when this release cannot read the mail.
    html: Option<String>,
    /// The text part, secret links masked.
    text: Option<String>,
    /// Names of the attachments.
    attachments: Vec<String>,
}

impl From<Preview> for OutboxPreview {
    fn from(preview: Preview) -> Self {
        let (mail, attachments) = (preview.mail.into(), preview.attachments);
        match preview.rendered {
            Some(shown) => Self {
                mail,
                subject: Some(shown.subject),
                preheader: Some(shown.preheader),
                html: Some(shown.html),
                text: Some(shown.text),
                attachments,
            },
            None => Self { mail, subject: None, preheader: None, html: None, text: None, attachments },
        }
    }
}

/// One mail and what it says.
#[derive(Serialize, ToSchema)]
struct OutboxPreviewAnswer {
    success: bool,
    data: OutboxPreview,
}

/// The mails that wait, left or were given up, newest first.
#[utoipa::path(get, path = "/emails", tag = "Administration", security(("bearer" = [])),
    params(Paging<20, 100>, OutboxQuery),
    responses((status = 200, body = OutboxPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<20, 100>,
    ApiQuery(query): ApiQuery<OutboxQuery>,
) -> ApiResult<Json<OutboxPage>> {
    let (listing, counts) = desk::list(&state, &query.read()?, page).await?;
    Ok(Json(OutboxPage {
        success: true,
        pagination: listing.place.into(),
        data: listing.rows.into_iter().map(OutboxMail::from).collect(),
        counts: (&counts).into(),
    }))
}

/// What a mail says, its secret links masked.
#[utoipa::path(get, path = "/emails/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = OutboxPreviewAnswer), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn one(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<OutboxPreviewAnswer>> {
    let data = desk::preview(&state, &admin.email, id).await?.into();
    Ok(Json(OutboxPreviewAnswer { success: true, data }))
}

/// Queues a mail again that was given up.
#[utoipa::path(post, path = "/emails/{id}/retry", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = OutboxAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, description = "`NOT_DEAD`", body = ErrorBody)))]
async fn retry(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<OutboxAnswer>> {
    let data = desk::retry(&state, &admin.email, id).await?.into();
    Ok(Json(OutboxAnswer { success: true, data, message: "Le mail est de nouveau dans la file d’envoi." }))
}
