//! Our calls to Stripe. Requests go through the async-stripe client; its answers are read by the
//! lenient types of [`super::event`], so that a field missing in an answer cannot block a sale.

mod cards;
pub mod catalogue;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stripe::{ApiErrorsType, Client, ClientBuilder, RequestStrategy, StripeError};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionConsentCollection,
    CreateCheckoutSessionConsentCollectionTermsOfService, CreateCheckoutSessionCustomText,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, CreateCheckoutSessionSavedPaymentMethodOptions,
    CreateCheckoutSessionSavedPaymentMethodOptionsAllowRedisplayFilters as Redisplay,
    CustomTextPositionParam, ExpireCheckoutSession, ProductData, RetrieveCheckoutSession,
};
use stripe_checkout::{CheckoutSessionBillingAddressCollection, CheckoutSessionLocale, CheckoutSessionMode};
use stripe_client_core::{IdempotencyKey, RequestBuilder, StripeMethod, StripeRequest};
use stripe_types::Currency;
use uuid::Uuid;

use super::event::{CheckoutSession, Metadata, Refund};

pub use cards::{NewCustomer, SetupIntent};

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the probe of `/health` may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Attempts per call; an attempt is repeated only when its outcome is unknown or passing.
const ATTEMPTS: u32 = 2;
/// Stripe refuses a session that would live more than 24 h by its own clock.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(5);

/// What Stripe says of a Checkout session: enough to settle the order.
pub type SessionState = CheckoutSession;

/// When a session opened now expires: 24 h, less a margin for clocks that differ. Kept with the
/// row of the session, since a repeated call must send the same instant.
pub fn session_expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::hours(24) - CLOCK_MARGIN
}

/// The payment page to open for one order.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Our `checkout_sessions.id`: the idempotency key, and the session's `client_reference_id`.
    pub idempotency_key: Uuid,
    /// What the customer pays, in cents of euro; Stripe's minimum is 50.
    pub amount: i64,
    /// The title on the page.
    pub product_name: String,
    /// The line under the title.
    pub product_description: Option<String>,
    /// Prefilled on the page.
    pub customer_email: String,
    /// The customer whose cards the page offers; the address is theirs then.
    pub customer: Option<String>,
    /// The sentence beside a box that must be ticked to pay, and nothing when there is no box.
    pub consent: Option<String>,
    /// Where a customer who paid goes; Stripe replaces `{CHECKOUT_SESSION_ID}`.
    pub success_url: String,
    /// Where a customer who gave up goes.
    pub cancel_url: String,
    /// Between 30 minutes and 24 hours from now; see [`session_expiry`].
    pub expires_at: DateTime<Utc>,
    /// Set on the session and on its payment intent.
    pub metadata: Metadata,
}

/// A payment page just opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSession {
    /// `cs_...`.
    pub id: String,
    /// Where to send the customer.
    pub url: String,
    /// When the page closes by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a call to Stripe failed. The texts carry neither keys nor personal data, so Stripe's own
/// sentences, which quote the input, are left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeFailure {
    /// No usable answer: unreachable, too slow, overloaded or broken. The call may have worked;
    /// repeating it with the same idempotency key is safe.
    #[error("Stripe is unavailable: {0}")]
    Unavailable(String),
    /// Stripe understood and refused; repeating changes nothing.
    #[error("Stripe refused the request (status {status}, code {code:?}, parameter {param:?})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stripe's error code, such as `email_invalid`.
        code: Option<String>,
        /// The parameter at fault.
        param: Option<String>,
    },
    /// Stripe answered with an object that we cannot make sense of; repeating changes nothing.
    #[error("Stripe's answer cannot be read: {0}")]
    Unreadable(&'static str),
    /// Stripe knows no such object.
    #[error("Stripe knows no such object")]
    NotFound,
    /// The idempotency key was used before with other parameters: an error of ours.
    #[error("the idempotency key was used before with other parameters")]
    IdempotencyConflict,
    /// The secret key or the base URL cannot be used.
    #[error("the Stripe client cannot be configured: {0}")]
    Misconfigured(String),
}

/// The one door to Stripe. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StripeGateway {
    client: Client,
}

impl StripeGateway {
    /// A gateway that signs in with `secret_key` at `base_url`, or at Stripe itself.
    ///
    /// # Errors
    /// [`StripeFailure::Misconfigured`].
    pub fn new(secret_key: &str, base_url: Option<&str>) -> Result<Self, StripeFailure> {
        Self::with_timeout(secret_key, base_url, ATTEMPT_TIMEOUT)
    }

    /// As [`Self::new`], with another limit per attempt.
    ///
    /// # Errors
    /// [`StripeFailure::Misconfigured`].
    pub fn with_timeout(
        secret_key: &str,
        base_url: Option<&str>,
        timeout: Duration,
    ) -> Result<Self, StripeFailure> {
        let mut builder = ClientBuilder::new(secret_key).timeout(timeout);
        if let Some(url) = base_url {
            // The client appends `v1/...` to what it is given.
            builder = builder.url(format!("{}/", url.trim_end_matches('/')));
        }
        // The library's text could quote the URL but never the key.
        let client = builder.build().map_err(|e| StripeFailure::Misconfigured(e.to_string()))?;
        Ok(Self { client })
    }

    /// Opens a payment page. Calling again with the same [`NewSession`] gives the same page.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn create_session(&self, new: NewSession) -> Result<OpenedSession, StripeFailure> {
        let key = new.idempotency_key;
        let session: CheckoutSession = self.call(|| creation(&new).build(), Some(key)).await?;
        let url = session.url.ok_or_else(|| unreadable("a session without URL"))?;
        Ok(OpenedSession { id: session.id, url, expires_at: session.expires_at })
    }

    /// The present state of a session, with when its money was debited.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn session(&self, id: &str) -> Result<SessionState, StripeFailure> {
        check_id(id)?;
        let payment = vec!["payment_intent.latest_charge".to_owned()];
        self.call(|| RetrieveCheckoutSession::new(id).expand(payment.clone()).build(), None).await
    }

    /// Closes a session that nobody shall pay any more, and gives its last state.
    ///
    /// # Errors
    /// [`StripeFailure::Refused`] when the session is no longer open; see [`StripeFailure`].
    pub async fn expire_session(&self, id: &str) -> Result<SessionState, StripeFailure> {
        check_id(id)?;
        self.call(|| ExpireCheckoutSession::new(id).build(), None).await
    }

    /// Gives `amount` cents of a payment back, or all that is left of it. The credit note follows
    /// from the webhook, not from this answer.
    ///
    /// # Errors
    /// [`StripeFailure::Refused`] when less is left; see [`StripeFailure`].
    pub async fn refund(
        &self,
        idempotency_key: Uuid,
        payment_intent: &str,
        amount: Option<i64>,
    ) -> Result<Refund, StripeFailure> {
        let form = RefundForm { payment_intent, amount };
        let request = || RequestBuilder::new(StripeMethod::Post, "/refunds").form(&form);
        self.call(request, Some(idempotency_key)).await
    }

    /// Whether Stripe answers and accepts our key, within one second.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn probe(&self) -> Result<(), StripeFailure> {
        let request = RequestBuilder::new(StripeMethod::Get, "/balance");
        let call = request.customize::<miniserde::json::Value>().timeout(PROBE_TIMEOUT);
        call.send(&self.client).await.map(drop).map_err(failure)
    }

    /// Sends a request, again when the first answer tells nothing, and reads the object in it.
    async fn call<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
        key: Option<Uuid>,
    ) -> Result<T, StripeFailure> {
        let mut attempt = 1;
        loop {
            match self.attempt(request(), key).await {
                Err(StripeFailure::Unavailable(why)) if attempt < ATTEMPTS => {
                    tracing::warn!(attempt, why, "call to Stripe failed, trying again");
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        key: Option<Uuid>,
    ) -> Result<T, StripeFailure> {
        let mut call = request.customize::<miniserde::json::Value>();
        if let Some(key) = key {
            let key = IdempotencyKey::new(key.to_string()).map_err(|e| unreadable(&e.to_string()))?;
            call = call.request_strategy(RequestStrategy::Idempotent(key));
        }
        let answer = call.send(&self.client).await.map_err(failure)?;
        // The client hands over its own JSON value; ours reads the types we share with the webhook.
        serde_json::from_str(&miniserde::json::to_string(&answer))
            .map_err(|_| StripeFailure::Unreadable("not the object asked for"))
    }
}

#[derive(Serialize)]
struct RefundForm<'f> {
    payment_intent: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
}

fn creation(new: &NewSession) -> CreateCheckoutSession {
    let mut intent = CreateCheckoutSessionPaymentIntentData::new();
    intent.metadata = Some(new.metadata.clone().into_iter().collect());
    let mut session = CreateCheckoutSession::new();
    session = match &new.customer {
        Some(customer) => session.customer(customer.as_str()).saved_payment_method_options(offered_cards()),
        None => session.customer_email(new.customer_email.as_str()),
    };
    if let Some(sentence) = &new.consent {
        session = session.consent_collection(box_to_tick()).custom_text(beside_it(sentence));
    }
    session
        .mode(CheckoutSessionMode::Payment)
        .locale(CheckoutSessionLocale::Fr)
        .billing_address_collection(CheckoutSessionBillingAddressCollection::Required)
        .client_reference_id(new.idempotency_key.to_string())
        .line_items(vec![line(new)])
        .metadata(new.metadata.clone().into_iter().collect::<std::collections::HashMap<_, _>>())
        .payment_intent_data(intent)
        .success_url(new.success_url.as_str())
        .cancel_url(new.cancel_url.as_str())
        .expires_at(new.expires_at.timestamp())
}

/// All their cards: by itself the page shows those alone that were saved on such a page.
fn offered_cards() -> CreateCheckoutSessionSavedPaymentMethodOptions {
    let mut options = CreateCheckoutSessionSavedPaymentMethodOptions::new();
    options.allow_redisplay_filters =
        Some(vec![Redisplay::Always, Redisplay::Limited, Redisplay::Unspecified]);
    options
}

fn box_to_tick() -> CreateCheckoutSessionConsentCollection {
    let mut consent = CreateCheckoutSessionConsentCollection::new();
    consent.terms_of_service = Some(CreateCheckoutSessionConsentCollectionTermsOfService::Required);
    consent
}

fn beside_it(sentence: &str) -> CreateCheckoutSessionCustomText {
    let mut text = CreateCheckoutSessionCustomText::new();
    text.terms_of_service_acceptance = Some(CustomTextPositionParam::new(sentence));
    text
}

fn line(new: &NewSession) -> CreateCheckoutSessionLineItems {
    let mut product = ProductData::new(new.product_name.as_str());
    // Stripe refuses an empty description.
    product.description = new.product_description.clone().filter(|text| !text.trim().is_empty());
    let mut price = CreateCheckoutSessionLineItemsPriceData::new(Currency::EUR);
    price.unit_amount = Some(new.amount);
    price.product_data = Some(product);
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price_data = Some(price);
    line.quantity = Some(1);
    line
}

/// The identifier becomes part of a path, and may come from a visitor's address bar.
fn check_id(id: &str) -> Result<(), StripeFailure> {
    let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { Ok(()) } else { Err(StripeFailure::NotFound) }
}

/// Sorts the client's errors by what the caller can do about them.
fn failure(error: StripeError) -> StripeFailure {
    let (error, status) = match error {
        StripeError::Stripe(error, status) => (error, status),
        StripeError::Timeout => return StripeFailure::Unavailable("no answer in time".into()),
        StripeError::JSONDeserialize(_) => {
            return unreadable("not JSON, or not an error of Stripe");
        }
        StripeError::ClientError(why) => return StripeFailure::Unavailable(why),
        StripeError::ConfigError(why) => return StripeFailure::Misconfigured(why),
    };
    match status {
        404 => StripeFailure::NotFound,
        _ if error.type_ == ApiErrorsType::IdempotencyError => StripeFailure::IdempotencyConflict,
        // 409: another call with the same key is still under way.
        409 | 424 | 429 | 500.. => StripeFailure::Unavailable(format!("status {status}")),
        _ => StripeFailure::Refused {
            status,
            code: error.code.as_ref().map(ToString::to_string),
            param: error.param.clone(),
        },
    }
}

fn unreadable(what: &str) -> StripeFailure {
    StripeFailure::Unavailable(format!("unreadable answer: {what}"))
}
