//! The consultations' URLs.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    booking, changing, requests,
    wire::{self, BookingForm},
};
use crate::{
    app::AppState,
    auth::{Role, Session},
    clock::new_id,
    http::{ApiError, ApiJson, ApiQuery, ApiResult, Budget, ClientIp, ErrorBody, LimitKey, iso::Iso},
};

/// The routes of the table at the head of this module.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(book))
        .routes(routes!(available_slots))
        .merge(requests::router())
        .merge(changing::router())
}

/// A booking that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BookingMade {
    /// The message of the conversation that tells of it.
    message_id: Uuid,
    /// When the call begins.
    requested_date_time: Iso,
}

/// What a booking came to.
#[derive(Serialize, ToSchema)]
struct BookingAnswer {
    success: bool,
    message: &'static str,
    data: BookingMade,
}

impl BookingAnswer {
    fn new(message_id: Uuid, at: impl Into<Iso>) -> Self {
        Self {
            success: true,
            message: "Votre rendez-vous est réservé. Un e-mail de confirmation vient de vous être envoyé.",
            data: BookingMade { message_id, requested_date_time: at.into() },
        }
    }
}

/// Books a call of half an hour. Limited per address; a form that is not in order counts as nothing.
#[utoipa::path(post, path = "/consultations/book", tag = "Consultations", request_body = BookingForm,
    responses((status = 201, body = BookingAnswer),
              (status = 400, description = "What is wrong with the form, or no call can be then.", body = ErrorBody),
              (status = 403, description = "`CLIENT_REQUIRED`: a corrector books nothing.", body = ErrorBody),
              (status = 409, description = "`SLOT_TAKEN`, or `TOO_MANY_BOOKINGS` with five calls to come.", body = ErrorBody),
              (status = 429, body = ErrorBody)))]
async fn book(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    session: ApiResult<Option<Session>>,
    ApiJson(form): ApiJson<BookingForm>,
) -> ApiResult<(StatusCode, Json<BookingAnswer>)> {
    // A session that has ended books as a visitor.
    let user = session.ok().flatten().map(|Session(user)| user);
    if user.as_ref().is_some_and(|user| user.role == Role::Corrector) {
        return Err(ApiError::forbidden(
            "CLIENT_REQUIRED",
            "Un compte de correcteur ne permet pas de réserver.",
        ));
    }
    let author = user.filter(|user| user.role == Role::User).map(|user| user.id);
    let key = LimitKey::ip(ip);
    state.limits.check(Budget::Booking, &key)?;
    let trapped = form.is_trapped();
    let wish = form
        .judged(state.clock.now(), author)
        .inspect_err(|_| state.limits.give_back(Budget::Booking, &key))?;
    if trapped {
        return Ok((StatusCode::CREATED, Json(BookingAnswer::new(new_id(), wish.starts_at))));
    }
    let made = booking::book(&state, &wish).await?;
    Ok((StatusCode::CREATED, Json(BookingAnswer::new(made.message_id, made.starts_at))))
}

/// Which day to look at.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Today in France when absent.
    #[param(format = Date, example = "2026-03-12")]
    date: Option<String>,
}

/// A start time of a day.
#[derive(Serialize, ToSchema)]
struct CallSlot {
    /// In France.
    #[schema(pattern = "^[0-9]{2}:[0-9]{2}$", example = "14:30")]
    time: String,
    /// Whether it can be booked now.
    available: bool,
}

/// The start times of a day.
#[derive(Serialize, ToSchema)]
struct DaySlots {
    success: bool,
    #[schema(format = Date)]
    date: String,
    /// All thirteen, in order.
    slots: Vec<CallSlot>,
}

/// Which start times of a day are free: on working days, in the future, not beyond the next seven working days.
#[utoipa::path(get, path = "/consultations/available-slots", tag = "Consultations", params(DayQuery),
    responses((status = 200, body = DaySlots), (status = 400, body = ErrorBody)))]
async fn available_slots(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<DayQuery>,
) -> ApiResult<Json<DaySlots>> {
    let day = match query.date.as_deref().filter(|date| !date.is_empty()) {
        Some(date) => wire::day(date)
            .ok_or_else(|| ApiError::invalid_field("date", "La date doit être écrite AAAA-MM-JJ."))?,
        None => state.clock.today_in_paris(),
    };
    let slots = booking::free_slots(&state, day).await?;
    let slots = slots
        .into_iter()
        .map(|(time, available)| CallSlot { time: time.format("%H:%M").to_string(), available });
    Ok(Json(DaySlots { success: true, date: day.to_string(), slots: slots.collect() }))
}
