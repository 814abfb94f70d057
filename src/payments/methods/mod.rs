//! Cards people keep for the next order. They are kept at Stripe, which offers them on its page; here is what may be shown
//! of them, and which one is the default.
//!
//! Of what is removed here Stripe is told afterwards: see [`super::departures`].

mod routes;
pub(super) mod store;

use sqlx::MySqlConnection;
use uuid::Uuid;

pub use routes::router;

use super::{
    customers,
    departures::{self, Kind, Recalled},
    event::SavedMethod,
    refused::refused,
    stripe::{SetupIntent, StripeFailure},
};
use crate::{
    app::AppState,
    auth::SessionUser,
    clock::new_id,
    db::with_retry,
    http::{
        Detail,
        error::{ApiError, ApiResult},
    },
    users::{customers as accounts, store as users},
};

/// Cards an account may keep.
const MOST: usize = 20;

/// A card someone keeps, as they are shown it.
pub struct Card {
    /// Our row.
    pub id: Uuid,
    /// Such as `visa`.
    pub brand: String,
    /// Its last digits.
    pub last4: String,
    /// The last month in which it is valid.
    pub exp_month: i32,
    /// And its year, in four digits.
    pub exp_year: i32,
    /// Whether it comes first.
    pub is_default: bool,
}

/// The cards of an account, newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(state: &AppState, user_id: Uuid) -> ApiResult<Vec<Card>> {
    let mut conn = state.db.conn().await?;
    let cards = store::of_user(&mut conn, user_id).await?;
    conn.release();
    Ok(cards)
}

/// What Stripe calls the customer of an account that keeps a card, so that a payment page can offer it.
///
/// # Errors
/// When the database refuses.
pub(super) async fn customer_with_cards(
    conn: &mut MySqlConnection,
    user_id: Option<Uuid>,
) -> Result<Option<String>, sqlx::Error> {
    let Some(user_id) = user_id else { return Ok(None) };
    match store::has_one(conn, user_id).await? {
        true => accounts::stripe_id(conn, user_id).await,
        false => Ok(None),
    }
}

/// Prepares the saving of a card, which the caller's browser hands to Stripe.
///
/// # Errors
/// 404 when the account is gone, 503 when Stripe is away.
pub async fn prepare(state: &AppState, user: &SessionUser) -> ApiResult<SetupIntent> {
    let customer = customers::of(state, user).await?;
    match state.stripe.create_setup_intent(new_id(), &customer).await {
        Err(failure) if customers::is_unknown(&failure) => {
            let customer = customers::replace(state, user, &customer).await?;
            state.stripe.create_setup_intent(new_id(), &customer).await.map_err(refused_card)
        }
        prepared => prepared.map_err(refused_card),
    }
}

/// Keeps a card that Stripe has. One kept already is given as it is.
///
/// # Errors
/// 400 for what is no card, or one that is refused, 403 for somebody else's, 409 when too many are kept or this one is
/// leaving, 503 when Stripe is away.
pub async fn add(state: &AppState, user: &SessionUser, stripe_id: &str) -> ApiResult<Card> {
    admit(state, user.id, stripe_id).await?;
    let method = attached(state, user, stripe_id).await?;
    let card = method.card().ok_or_else(|| {
        ApiError::bad_request("NOT_A_CARD", "Ce moyen de paiement n’est pas une carte bancaire.")
    })?;
    with_retry(|| async {
        let mut tx = state.begin().await?;
        users::lock(&mut tx, user.id).await?;
        if accounts::stripe_id(&mut tx, user.id).await?.is_none() {
            // Erased meanwhile: the customer leaves with the card.
            return Err(ApiError::not_found("Ce compte n’existe plus."));
        }
        let now = tx.now();
        let known = store::known(&mut tx, stripe_id).await?;
        let cards = store::of_user(&mut tx, user.id).await?;
        match known {
            Some(known) if known.user_id != user.id => return Err(not_yours()),
            Some(known) if known.is_active => {}
            _ if cards.len() >= MOST => return Err(too_many()),
            _ => store::keep(&mut tx, user.id, stripe_id, card, cards.is_empty(), now).await?,
        }
        let kept = store::known(&mut tx, stripe_id).await?.map(|known| known.id);
        let cards = store::of_user(&mut tx, user.id).await?;
        tx.commit().await?;
        let kept = cards.into_iter().find(|card| Some(card.id) == kept);
        kept.ok_or_else(|| ApiError::internal(anyhow::anyhow!("a card just kept is gone")))
    })
    .await
}

/// Makes sure that a card may be kept and is not about to leave, before Stripe is asked.
async fn admit(state: &AppState, user_id: Uuid, stripe_id: &str) -> ApiResult<()> {
    let mut tx = state.begin().await?;
    let known = store::known(&mut tx, stripe_id).await?;
    if known.is_some_and(|known| known.user_id != user_id) {
        return Err(not_yours());
    }
    let now = tx.now();
    if departures::recall(&mut tx, stripe_id, now).await? == Recalled::Leaving {
        return Err(ApiError::conflict(
            "CARD_LEAVING",
            "Cette carte est en cours de retrait. Merci de réessayer dans quelques minutes.",
        ));
    }
    Ok(tx.commit().await?)
}

/// The card, in the hands of the caller's customer.
async fn attached(state: &AppState, user: &SessionUser, stripe_id: &str) -> ApiResult<SavedMethod> {
    let customer = customers::of(state, user).await?;
    let method = state.stripe.method(stripe_id).await.map_err(refused_card)?;
    if method.card().is_none() {
        return Ok(method);
    }
    match &method.customer {
        Some(owner) if *owner == customer => Ok(method),
        Some(_) => Err(not_yours()),
        None => match state.stripe.attach_card(stripe_id, &customer).await {
            Err(failure) if customers::is_unknown(&failure) => {
                let customer = customers::replace(state, user, &customer).await?;
                state.stripe.attach_card(stripe_id, &customer).await.map_err(refused_card)
            }
            attached => attached.map_err(refused_card),
        },
    }
}

/// Makes a card the default.
///
/// # Errors
/// 404 when the caller keeps no such card.
pub async fn make_default(state: &AppState, user_id: Uuid, id: Uuid) -> ApiResult<()> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        users::lock(&mut tx, user_id).await?;
        let now = tx.now();
        let card = store::one_of_user(&mut tx, user_id, id).await?;
        let (_, is_default) = card.ok_or_else(unknown)?;
        if !is_default {
            store::set_default(&mut tx, user_id, id, now).await?;
        }
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await
}

/// Removes a card, and lets the newest of the others be the default if it was.
///
/// # Errors
/// 404 when the caller keeps no such card.
pub async fn remove(state: &AppState, user_id: Uuid, id: Uuid) -> ApiResult<()> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        users::lock(&mut tx, user_id).await?;
        let now = tx.now();
        let card = store::one_of_user(&mut tx, user_id, id).await?;
        let (stripe_id, was_default) = card.ok_or_else(unknown)?;
        store::retire(&mut tx, id, now).await?;
        let heir = store::of_user(&mut tx, user_id).await?.into_iter().next();
        if let (true, Some(heir)) = (was_default, heir) {
            store::set_default(&mut tx, user_id, heir.id, now).await?;
        }
        departures::queue(&mut tx, Kind::Card, &stripe_id, now).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await
}

fn unknown() -> ApiError {
    ApiError::not_found("Cette carte n’existe pas.")
}

fn not_yours() -> ApiError {
    ApiError::forbidden("NOT_OWNER", "Cette carte ne vous appartient pas.")
}

fn too_many() -> ApiError {
    ApiError::conflict(
        "TOO_MANY_CARDS",
        format!("Vous pouvez enregistrer {MOST} cartes au plus. Retirez-en une d’abord."),
    )
}

/// What a caller is told of a failed call about a card: nearly everything that Stripe refuses then is the card's fault.
pub(super) fn refused_card(failure: StripeFailure) -> ApiError {
    let told = |code: &'static str, message: &'static str| {
        let detail = Detail::field("paymentMethodId", code, message);
        let details = serde_json::to_value([detail]).unwrap_or_default();
        ApiError::bad_request("PAYMENT_REFUSED", message).with("details", details)
    };
    match &failure {
        StripeFailure::NotFound => told("unknown", "Cette carte est inconnue du service de paiement."),
        StripeFailure::Refused { status: 402, .. } => {
            told("declined", "Votre banque a refusé cette carte. Merci d’en essayer une autre.")
        }
        StripeFailure::Refused { status: 400, code, param, .. } => {
            match (code.as_deref(), param.as_deref()) {
                (Some("resource_missing"), Some("payment_method")) => {
                    told("unknown", "Cette carte est inconnue du service de paiement.")
                }
                (Some("email_invalid"), _) => ApiError::bad_request(
                    "PAYMENT_REFUSED",
                    "L’adresse e-mail de votre compte n’est pas acceptée par le service de paiement.",
                ),
                // A card that left its customer cannot come back under the same name.
                (None, None) | (_, Some("payment_method")) => told(
                    "unusable",
                    "Cette carte ne peut plus être enregistrée. Merci de la saisir à nouveau.",
                ),
                _ => return refused(failure),
            }
        }
        _ => return refused(failure),
    }
    .caused_by(failure)
}
