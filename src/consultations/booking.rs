//! Booking a call, and what is free.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    Call, Source, slots,
    store::{self, NewCall},
    told::{self, ConsultationBooked},
};
use crate::{
    app::AppState,
    clock::{new_id, start_of_day_in_paris},
    db::{violates, with_retry},
    events::{self, Tx},
    http::{ApiError, ApiResult},
    messages::{
        Kind,
        service::{self as messages, Post, Visitor},
    },
};

/// Calls to come that one address may have.
const UPCOMING_MAX: i64 = 5;

/// What someone asks for, judged.
pub struct Wish {
    /// First name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Address, in its stored form.
    pub email: String,
    /// The number to call.
    pub phone: String,
    /// When.
    pub starts_at: DateTime<Utc>,
    /// What they say of it.
    pub message: Option<String>,
    /// Where they asked.
    pub source: Source,
    /// The account, for who is connected.
    pub user_id: Option<Uuid>,
}

/// What a booking came to.
pub struct Booking {
    /// The message it is in the conversation.
    pub message_id: Uuid,
    /// When they are called.
    pub starts_at: DateTime<Utc>,
}

/// Books a call: writes it, the visitor's conversation, the team's bell and the mails, or nothing.
///
/// # Errors
/// 409 `SLOT_TAKEN` when someone else was first, 409 `TOO_MANY_BOOKINGS` for who has five calls to come already.
pub async fn book(state: &AppState, wish: &Wish) -> ApiResult<Booking> {
    admit(state, wish).await?;
    with_retry(|| record(state, wish)).await
}

/// Looks before it writes: of many who want one slot, most need not wait for its lock.
async fn admit(state: &AppState, wish: &Wish) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    let (from, until) = (wish.starts_at, wish.starts_at + slots::LENGTH);
    if !store::taken(&mut conn, from, until).await?.is_empty() {
        return Err(taken());
    }
    match store::upcoming_of(&mut conn, &wish.email, state.clock.now()).await? {
        0..UPCOMING_MAX => Ok(()),
        _ => Err(ApiError::conflict(
            "TOO_MANY_BOOKINGS",
            "Vous avez déjà plusieurs rendez-vous à venir. Déplacez ou annulez l’un d’eux par le lien de son e-mail.",
        )),
    }
}

async fn record(state: &AppState, wish: &Wish) -> ApiResult<Booking> {
    let mut tx = state.begin().await?;
    let (now, call) = (tx.now(), wish.call());
    let remind_at = slots::reminder(call.starts_at, now);
    let new = NewCall { call: &call, remind_at, message: wish.message.as_deref(), source: wish.source };
    match store::insert(&mut tx, now, &new).await {
        Err(error) if violates(&error, store::SLOT_KEY) => return Err(taken()),
        inserted => inserted?,
    }
    let message_id = post(&mut tx, wish, &call).await?;
    store::set_message(&mut tx, call.id, message_id).await?;
    let booked = ConsultationBooked { call, message: wish.message.clone(), source: wish.source };
    events::record(&mut tx, booked).await?;
    tx.commit().await?;
    Ok(Booking { message_id, starts_at: wish.starts_at })
}

/// Writes the booking into the conversation of who is connected, else into that of the visitor's address.
async fn post(tx: &mut Tx, wish: &Wish, call: &Call) -> Result<Uuid, sqlx::Error> {
    let message = wish.message.as_deref();
    let text = told::summary(call, message);
    let details =
        json!({ "consultationRequest": told::asked(call, message, wish.source), "consultationId": call.id });
    let post = Post {
        kind: Kind::ConsultationRequest,
        subject: Some(told::SUBJECT),
        text: &text,
        source: Some("consultation"),
        details: Some(&details),
        files: &[],
    };
    let posted = match wish.user_id {
        Some(user_id) => messages::post_from_client(tx, user_id, post).await?,
        None => {
            let visitor = Visitor { name: &call.name(), email: &call.email, phone: Some(&call.phone) };
            messages::post_from_visitor(tx, visitor, post).await?
        }
    };
    Ok(posted.message_id)
}

impl Wish {
    fn call(&self) -> Call {
        Call {
            id: new_id(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            starts_at: self.starts_at,
            sequence: 0,
        }
    }
}

pub(super) fn taken() -> ApiError {
    ApiError::conflict("SLOT_TAKEN", "Ce créneau vient d’être réservé. Choisissez-en un autre.")
}

/// Whether each start time of a day is free.
///
/// # Errors
/// When the database is away.
pub async fn free_slots(state: &AppState, day: NaiveDate) -> ApiResult<Vec<(NaiveTime, bool)>> {
    let now = state.clock.now();
    let bookable = |time| slots::judge(day, time, now).ok();
    let open: Vec<_> = slots::times().map(|time| (time, bookable(time))).collect();
    if open.iter().all(|(_, at)| at.is_none()) {
        return Ok(open.into_iter().map(|(time, _)| (time, false)).collect());
    }
    let from = start_of_day_in_paris(day);
    let mut conn = state.db.conn().await?;
    // No call is at night: a day of 25 hours is not looked at whole.
    let taken = store::taken(&mut conn, from, from + TimeDelta::days(1)).await?;
    conn.release();
    Ok(open.into_iter().map(|(time, at)| (time, at.is_some_and(|at| !taken.contains(&at)))).collect())
}

/// Every instant at which a call can be booked now.
///
/// # Errors
/// When the database is away.
pub async fn free_instants(state: &AppState) -> ApiResult<Vec<DateTime<Utc>>> {
    let mut all = slots::all(state.clock.now());
    if let (Some(first), Some(last)) = (all.first(), all.last()) {
        let mut conn = state.db.conn().await?;
        let taken = store::taken(&mut conn, *first, *last + slots::LENGTH).await?;
        conn.release();
        all.retain(|at| !taken.contains(at));
    }
    Ok(all)
}
