//! The page of a booked call, which its mails lead to: moved or cancelled there until a day before.
//!
//! Whoever holds the link may: it is signed and names the booking. Every change raises the booking's sequence, which names
//! it in the calendar, in its mails and in the log.

use axum::extract::{Request, State};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Call, booking, slots,
    store::{self, Booked},
    told::{ConsultationCancelled, ConsultationMoved},
};
use crate::{
    app::AppState,
    db::{violates, with_retry},
    events,
    http::{ApiError, ApiPath, ApiResult, page::Page, read_body},
};

/// What the token of a link permits.
const PURPOSE: &str = "rendez-vous";

/// Until how long before a call it can be changed.
const NOTICE: TimeDelta = TimeDelta::hours(24);

/// Changes of one booking: each of them writes to the team.
const CHANGES_MAX: u32 = 10;

/// The most bytes of the page's form.
const FORM_MAX: usize = 4 << 10;

/// `GET` and `POST /public/rendez-vous/{token}`.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, change))
}

/// The path of the page of a booking.
pub fn path(state: &AppState, id: Uuid) -> String {
    format!("/api/public/rendez-vous/{}", state.links.ticket(PURPOSE, id))
}

/// The form of the page.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct CallChange {
    /// What to do with the call.
    #[schema(pattern = "^(deplacer|annuler)$")]
    action: String,
    /// Where to move it: one of the instants the page offers.
    #[schema(format = DateTime)]
    creneau: Option<String>,
}

/// A page that shows a booked call and how to change it. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/rendez-vous/{token}", tag = "Consultations",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "A page with the call, and forms while it can be changed", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or the booking is gone", content_type = "text/html")))]
async fn show(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    match find(&state, &token).await? {
        None => Ok(gone()),
        Some(booked) => page_of(&state, &booked).await,
    }
}

/// Moves or cancels a booked call, until a day before it.
#[utoipa::path(post, path = "/public/rendez-vous/{token}", tag = "Consultations",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    request_body(content = CallChange, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Done, now or before", content_type = "text/html"),
              (status = 400, description = "The form asks for nothing, or no call can be then", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or the booking is gone", content_type = "text/html"),
              (status = 409, description = "It is too late, or the slot is taken", content_type = "text/html")))]
async fn change(
    State(state): State<AppState>,
    ApiPath(token): ApiPath<String>,
    request: Request,
) -> ApiResult<Page> {
    let body = read_body(request.into_body(), FORM_MAX).await?;
    let Some(booked) = find(&state, &token).await? else { return Ok(gone()) };
    let done = match Change::read(&body) {
        Ok(change) => with_retry(|| changed(&state, booked.id, change)).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(Some(Done::Moved(at))) => Ok(moved(at)),
        Ok(Some(Done::Cancelled)) => Ok(cancelled()),
        Ok(None) => Ok(gone()),
        Err(error) if error.status().is_client_error() => {
            // What there is to choose from may have changed since the page was shown.
            let fresh = find(&state, &token).await?.unwrap_or(booked);
            Ok(page_of(&state, &fresh).await?.refusing(&error))
        }
        Err(error) => Err(error),
    }
}

async fn find(state: &AppState, token: &str) -> ApiResult<Option<Booked>> {
    let Some(id) = state.links.ticket_holder(PURPOSE, token) else { return Ok(None) };
    let mut conn = state.db.conn().await?;
    let booked = store::find(&mut conn, id).await?;
    conn.release();
    Ok(booked)
}

/// What the form asks for.
#[derive(Clone, Copy, Debug)]
enum Change {
    Move(DateTime<Utc>),
    Cancel,
}

impl Change {
    fn read(form: &[u8]) -> ApiResult<Self> {
        let field = |name: &str| {
            let found = form_urlencoded::parse(form).find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        match field("action").as_str() {
            "annuler" => Ok(Self::Cancel),
            "deplacer" => field("creneau").parse().map(Self::Move).map_err(|_| {
                ApiError::invalid_field("creneau", "Choisissez un créneau parmi ceux qui sont proposés.")
            }),
            _ => Err(ApiError::invalid_field("action", "Choisissez de déplacer ou d’annuler votre appel.")),
        }
    }
}

/// What a change came to.
enum Done {
    Moved(DateTime<Utc>),
    Cancelled,
}

/// Changes a booking, whose row decides between two changes at once; nothing of a booking that is gone. What is so
/// already is done.
async fn changed(state: &AppState, id: Uuid, change: Change) -> ApiResult<Option<Done>> {
    let mut tx = state.begin().await?;
    let now = tx.now();
    let Some(booked) = store::lock(&mut tx, id).await? else { return Ok(None) };
    match change {
        Change::Cancel if booked.cancelled_at.is_some() => return Ok(Some(Done::Cancelled)),
        Change::Move(to) if booked.cancelled_at.is_none() && booked.starts_at == to => {
            return Ok(Some(Done::Moved(to)));
        }
        _ => booked.may_change(now)?,
    }
    let from = booked.starts_at;
    let mut call = Call::from(booked);
    call.sequence += 1;
    let done = match change {
        Change::Cancel => {
            store::cancel(&mut tx, now, &call).await?;
            events::record(&mut tx, ConsultationCancelled { call }).await?;
            Done::Cancelled
        }
        Change::Move(to) => {
            if !slots::all(now).contains(&to) {
                return Err(ApiError::invalid_field(
                    "creneau",
                    "Aucun appel ne peut être prévu à ce moment.",
                ));
            }
            call.starts_at = to;
            match store::move_to(&mut tx, now, &call, slots::reminder(to, now)).await {
                Err(error) if violates(&error, store::SLOT_KEY) => return Err(booking::taken()),
                written => written?,
            }
            events::record(&mut tx, ConsultationMoved { call, from }).await?;
            Done::Moved(to)
        }
    };
    tx.commit().await?;
    Ok(Some(done))
}

impl Booked {
    /// Whether whoever booked it may still change it.
    fn may_change(&self, now: DateTime<Utc>) -> ApiResult<()> {
        let refused = |code, message| Err(ApiError::conflict(code, message));
        if self.cancelled_at.is_some() {
            return refused("ALREADY_CANCELLED", "Cet appel est annulé : réservez-en un autre.");
        }
        if self.starts_at - now < NOTICE {
            return refused(
                "TOO_LATE",
                "Un appel ne peut être déplacé ou annulé que jusqu’à 24 heures avant.",
            );
        }
        match self.sequence {
            0..CHANGES_MAX => Ok(()),
            _ => refused("CHANGED_TOO_OFTEN", "Cet appel a été déplacé trop souvent : écrivez-nous."),
        }
    }
}

async fn page_of(state: &AppState, booked: &Booked) -> ApiResult<Page> {
    let now = state.clock.now();
    let open = booked.may_change(now);
    let slots = match open.is_ok() {
        true => options(&booking::free_instants(state).await?),
        false => Vec::new(),
    };
    let (title, closed) = match &open {
        Ok(()) => ("Votre appel avec notre équipe", Value::Null),
        Err(_) if booked.cancelled_at.is_some() => ("Cet appel est annulé", Value::Null),
        Err(_) if booked.starts_at <= now => ("Cet appel est passé", Value::Null),
        Err(refusal) => ("Votre appel avec notre équipe", json!(refusal.message())),
    };
    Ok(Page::of(
        "rendez-vous",
        &json!({
            "title": title,
            "when": slots::label(booked.starts_at),
            "phone": booked.phone,
            "open": open.is_ok(),
            "closed": closed,
            "slots": slots,
            "support": state.config.mail.support_email,
        }),
    ))
}

/// The instants to choose from, as people read them.
fn options(free: &[DateTime<Utc>]) -> Vec<Value> {
    let option = |at: &DateTime<Utc>| json!({ "value": at.format("%Y-%m-%dT%H:%M:%SZ").to_string(), "label": slots::label(*at), "chosen": false });
    free.iter().map(option).collect()
}

fn moved(at: DateTime<Utc>) -> Page {
    let text = format!(
        "C’est noté : nous vous appelons le {}, heure de Paris. Un e-mail vous le confirme.",
        slots::label(at)
    );
    Page::new("Votre appel est déplacé", &text)
}

fn cancelled() -> Page {
    let text = "C’est noté : nous ne vous appellerons pas. Un e-mail vous le confirme. Vous pouvez réserver un autre moment \
                sur notre site, quand vous voulez.";
    Page::new("Votre appel est annulé", text)
}

fn gone() -> Page {
    Page::unknown("Ce rendez-vous n’existe plus. Si vous avez un doute, écrivez-nous.")
}
