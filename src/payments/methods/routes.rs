//! Wire types and handlers of the kept cards, under both of their addresses.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::Card;
use crate::{
    app::AppState,
    auth::Client,
    http::{ApiJson, ApiResult, ErrorBody, PathId, alias},
};

/// Routes of `/payment-methods` and `/payments/methods`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_cards, add_card))
        .routes(routes!(prepare_card))
        .routes(routes!(set_default_card))
        .routes(routes!(remove_card))
        .routes(alias::at("/payments/methods", routes!(list_cards, add_card)))
        .routes(alias::at("/payments/methods/setup-intent", routes!(prepare_card)))
        .routes(alias::at("/payments/methods/{id}/default", routes!(set_default_card)))
        .routes(alias::at("/payments/methods/{id}", routes!(remove_card)))
}

/// A card its owner keeps.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PaymentMethod {
    id: Uuid,
    /// Such as `visa`.
    brand: String,
    last4: String,
    exp_month: i32,
    /// Four digits.
    exp_year: i32,
    /// True of exactly one, when there are any.
    is_default: bool,
}

impl From<Card> for PaymentMethod {
    fn from(card: Card) -> Self {
        Self {
            id: card.id,
            brand: card.brand,
            last4: card.last4,
            exp_month: card.exp_month,
            exp_year: card.exp_year,
            is_default: card.is_default,
        }
    }
}

/// The cards the caller keeps, newest first.
#[utoipa::path(get, path = "/payment-methods", tag = "Payments", security(("bearer" = [])),
    responses((status = 200, body = [PaymentMethod]), (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody)))]
async fn list_cards(
    State(state): State<AppState>,
    Client(user): Client,
) -> ApiResult<Json<Vec<PaymentMethod>>> {
    let cards = super::list(&state, user.id).await?;
    Ok(Json(cards.into_iter().map(PaymentMethod::from).collect()))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PreparedCard {
    /// For Stripe's library in the browser, which alone sees the card.
    client_secret: String,
    setup_intent_id: String,
}

/// Prepares the saving of a card.
#[utoipa::path(post, path = "/payment-methods/setup-intent", tag = "Payments", security(("bearer" = [])),
    responses((status = 200, body = PreparedCard), (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
async fn prepare_card(State(state): State<AppState>, Client(user): Client) -> ApiResult<Json<PreparedCard>> {
    let prepared = super::prepare(&state, &user).await?;
    Ok(Json(PreparedCard { client_secret: prepared.client_secret, setup_intent_id: prepared.id }))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewCard {
    /// What Stripe calls it, such as `pm_1N…`.
    #[schema(pattern = "^pm_[A-Za-z0-9_]+$", max_length = 255)]
    #[validate(custom(function = named_by_stripe))]
    payment_method_id: String,
}

fn named_by_stripe(id: &str) -> Result<(), ValidationError> {
    let plain = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match id.strip_prefix("pm_").is_some_and(plain) && id.len() <= 255 {
        true => Ok(()),
        false => Err(ValidationError::new("invalid").with_message(
            "Ce moyen de paiement n’est pas reconnu. Merci de saisir votre carte à nouveau.".into(),
        )),
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CardAdded {
    success: bool,
    message: &'static str,
    payment_method: PaymentMethod,
}

/// Keeps a card that Stripe has; the first one is the default.
#[utoipa::path(post, path = "/payment-methods", tag = "Payments", security(("bearer" = [])), request_body = NewCard,
    responses((status = 201, body = CardAdded),
        (status = 400, description = "`PAYMENT_REFUSED`, `NOT_A_CARD`, or no name of Stripe's", body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`, or `NOT_OWNER` of somebody else's card", body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, description = "`TOO_MANY_CARDS`, `CARD_LEAVING`", body = ErrorBody),
        (status = 503, body = ErrorBody)))]
async fn add_card(
    State(state): State<AppState>,
    Client(user): Client,
    ApiJson(card): ApiJson<NewCard>,
) -> ApiResult<(StatusCode, Json<CardAdded>)> {
    let card = super::add(&state, &user, &card.payment_method_id).await?;
    let message = "Votre carte est enregistrée.";
    Ok((StatusCode::CREATED, Json(CardAdded { success: true, message, payment_method: card.into() })))
}

#[derive(Serialize, ToSchema)]
struct CardChanged {
    success: bool,
    message: &'static str,
}

/// Makes a card the default.
#[utoipa::path(put, path = "/payment-methods/{id}/default", tag = "Payments", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = CardChanged), (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn set_default_card(
    State(state): State<AppState>,
    Client(user): Client,
    PathId(id): PathId,
) -> ApiResult<Json<CardChanged>> {
    super::make_default(&state, user.id, id).await?;
    Ok(Json(CardChanged { success: true, message: "Cette carte est désormais votre carte par défaut." }))
}

/// Removes a card. The newest of the others becomes the default when it was.
#[utoipa::path(delete, path = "/payment-methods/{id}", tag = "Payments", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = CardChanged), (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn remove_card(
    State(state): State<AppState>,
    Client(user): Client,
    PathId(id): PathId,
) -> ApiResult<Json<CardChanged>> {
    super::remove(&state, user.id, id).await?;
    Ok(Json(CardChanged { success: true, message: "Votre carte est retirée." }))
}
