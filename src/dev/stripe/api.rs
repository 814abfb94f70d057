//! The calls of Stripe's HTTP API that our gateway makes, with its checks and its errors.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Simulator;
use super::failure::{Failure, played};
use super::objects::{self, NewObject};
use super::params::Params;
use super::status::{PaymentStatus, SessionStatus};
use super::store::{self, AnswerRow, SessionRow};
use super::webhooks::without_line_items;
use crate::clock::random_bytes;
use crate::db::Tx;

/// The least Stripe debits, in cents of euro.
const MINIMUM_AMOUNT: i64 = 50;

/// Proof that the caller sent some secret key; which one does not matter here.
pub struct Key;

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match value.and_then(|value| value.strip_prefix("Bearer ")) {
            Some(key) if !key.trim().is_empty() => Ok(Self),
            _ => Err(Failure::new(
                StatusCode::UNAUTHORIZED,
                "invalid_request_error",
                "You did not provide an API key.",
            )),
        }
    }
}

pub(super) type Pairs = Result<Form<Vec<(String, String)>>, FormRejection>;

/// The `Idempotency-Key` of a call, with the fingerprint of what it asks for.
pub(super) struct Idempotency<'h> {
    key: Option<&'h str>,
    fingerprint: String,
}

impl<'h> Idempotency<'h> {
    pub(super) fn new(headers: &'h HeaderMap, params: &Params, call: &str) -> Self {
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
        Self { key, fingerprint: params.fingerprint(call) }
    }

    /// The answer the key got before.
    pub(super) async fn replay(&self, simulator: &Simulator) -> Result<Option<Response>, Failure> {
        let Some(key) = self.key else { return Ok(None) };
        let Some(row) = store::answer(simulator.settings.db.pool(), key).await? else {
            return Ok(None);
        };
        if row.fingerprint != self.fingerprint {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they \
                 were first used with.",
            ));
        }
        let headers = [("content-type", "application/json"), ("idempotent-replayed", "true")];
        Ok(Some((headers, row.answer).into_response()))
    }

    /// Keeps the answer with what it is the answer to, and gives it; or gives the answer of
    /// another call with the same key that was faster.
    pub(super) async fn finish(
        &self,
        simulator: &Simulator,
        mut tx: Tx,
        answer: Value,
    ) -> Result<Response, Failure> {
        if let Some(key) = self.key {
            let row = AnswerRow { fingerprint: self.fingerprint.clone(), answer: answer.to_string() };
            match store::insert_answer(&mut *tx, key, &row).await {
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                    tx.rollback().await?;
                    let lost = || Failure::new(StatusCode::CONFLICT, "api_error", "Concurrent.");
                    return self.replay(simulator).await?.ok_or_else(lost);
                }
                kept => kept?,
            }
        }
        tx.commit().await?;
        simulator.due.notify_one();
        Ok(Json(answer).into_response())
    }
}

/// `POST /v1/checkout/sessions`. The same `Idempotency-Key` gets the first answer again.
pub async fn create(
    _: Key,
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    pairs: Pairs,
) -> Result<Response, Failure> {
    let params = Params::new(pairs?.0);
    let idempotency = Idempotency::new(&headers, &params, "checkout/sessions");
    if let Some(answer) = idempotency.replay(&simulator).await? {
        return Ok(answer);
    }
    let address = match params.get("customer") {
        Some(customer) => simulator.customer(customer).await?,
        None => None,
    };
    let row = new_row(&simulator, &params, address.as_deref())?;
    let mut tx = simulator.settings.db.begin().await?;
    store::insert_session(&mut *tx, &row).await?;
    idempotency.finish(&simulator, tx, without_line_items(row.created())).await
}

/// Checks the parameters as Stripe does and makes the row they ask for.
fn new_row(simulator: &Simulator, params: &Params, address: Option<&str>) -> Result<SessionRow, Failure> {
    let now = simulator.settings.clock.now();
    if params.required("mode")? != "payment" {
        return Err(Failure::invalid("parameter_invalid", "mode", "Only payments are simulated"));
    }
    played(params.get("customer_email"))?;
    let expires_at = expiry(params, now)?;
    let amount = amount(params)?;
    let id = format!("cs_test_{}", hex::encode(random_bytes::<24>()));
    let metadata = params.metadata("metadata")?;
    let object = objects::session(&NewObject {
        id: &id,
        url: format!("{}/dev/stripe/checkout/{id}", simulator.settings.public_base_url),
        amount,
        currency: params.required("line_items[0][price_data][currency]")?,
        title: params.required("line_items[0][price_data][product_data][name]")?,
        description: params.get("line_items[0][price_data][product_data][description]"),
        client_reference_id: params.get("client_reference_id"),
        customer_email: email(params)?,
        customer: params.get("customer"),
        customer_address: address,
        terms: terms(params)?,
        locale: params.get("locale"),
        billing_address_collection: params.get("billing_address_collection"),
        success_url: params.url("success_url")?,
        cancel_url: params.get("cancel_url").map(|_| params.url("cancel_url")).transpose()?,
        metadata: &metadata,
        created: now,
        expires_at: expires_at.timestamp(),
    });
    Ok(SessionRow {
        payment_intent: format!("pi_{}", hex::encode(random_bytes::<12>())),
        object: object.to_string(),
        intent_metadata: json!(params.metadata("payment_intent_data[metadata]")?).to_string(),
        id,
        amount,
        refunded: 0,
        status: SessionStatus::Open,
        payment_status: PaymentStatus::Unpaid,
        awaits_money: false,
        customer_details: None,
        expires_at,
        created_at: now,
    })
}

/// Stripe takes 30 minutes to 24 hours from now, and 24 hours when nothing is said.
fn expiry(params: &Params, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let latest = now.trunc_subsecs(0) + TimeDelta::hours(24);
    if params.get("expires_at").is_none() {
        return Ok(latest);
    }
    let wrong = |why| Failure::invalid("parameter_invalid", "expires_at", why);
    let asked = DateTime::from_timestamp(params.integer("expires_at")?, 0);
    match asked.ok_or_else(|| wrong("Invalid timestamp"))? {
        at if at < now.trunc_subsecs(0) + TimeDelta::minutes(30) => {
            Err(wrong("Must be at least 30 minutes in the future"))
        }
        at if at > latest => Err(wrong("Must be less than 24 hours in the future")),
        at => Ok(at),
    }
}

fn amount(params: &Params) -> Result<i64, Failure> {
    const UNIT: &str = "line_items[0][price_data][unit_amount]";
    let quantity = params.integer("line_items[0][quantity]")?;
    let amount = params.integer(UNIT)?.saturating_mul(quantity);
    if amount < MINIMUM_AMOUNT {
        return Err(Failure::invalid("amount_too_small", UNIT, "At least 0.50 EUR is due"));
    }
    Ok(amount)
}

/// The sentence beside the box that must be ticked, when there is to be one.
fn terms(params: &Params) -> Result<Option<&str>, Failure> {
    const TEXT: &str = "custom_text[terms_of_service_acceptance][message]";
    if params.get("consent_collection[terms_of_service]") != Some("required") {
        return Ok(None);
    }
    match params.required(TEXT)? {
        text if text.chars().count() > 1_200 => {
            Err(Failure::invalid("parameter_invalid_string_too_long", TEXT, "At most 1200 characters"))
        }
        text => Ok(Some(text)),
    }
}

fn email(params: &Params) -> Result<Option<&str>, Failure> {
    match params.get("customer_email") {
        Some(_) if params.get("customer").is_some() => {
            Err(Failure::refused("You may only specify one of these parameters: customer, customer_email."))
        }
        Some(email) if !email.contains('@') => {
            Err(Failure::invalid("email_invalid", "customer_email", "Invalid email address"))
        }
        email => Ok(email),
    }
}

/// `GET /v1/checkout/sessions/{id}`; `expand[]=payment_intent.latest_charge` is understood.
pub async fn retrieve(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Failure> {
    let row = simulator.find(&id).await?;
    let row = row.ok_or_else(|| Failure::missing("checkout.session", &id))?;
    let mut session = without_line_items(row.session());
    let expanded = query.is_some_and(|query| query.contains("payment_intent.latest_charge"));
    if expanded && !session["payment_intent"].is_null() {
        let paid_at = store::debited_at(simulator.settings.db.pool(), &id).await?;
        session["payment_intent"] = row.intent(paid_at.unwrap_or(row.created_at));
    }
    Ok(Json(session))
}

/// `POST /v1/checkout/sessions/{id}/expire`.
pub async fn expire(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let closed = simulator.expire_soon(&id).await?;
    let answer = retrieve(Key, State(simulator), Path(id), RawQuery(None)).await?;
    if closed {
        Ok(answer)
    } else {
        Err(Failure::refused("Only Checkout Sessions with a status in [\"open\"] can be expired."))
    }
}

/// `POST /v1/refunds`: of a payment intent, in full or in part.
pub async fn refund(
    _: Key,
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    pairs: Pairs,
) -> Result<Response, Failure> {
    let params = Params::new(pairs?.0);
    let idempotency = Idempotency::new(&headers, &params, "refunds");
    if let Some(answer) = idempotency.replay(&simulator).await? {
        return Ok(answer);
    }
    let intent = params.required("payment_intent")?;
    let amount = params.get("amount").map(|_| params.integer("amount")).transpose()?;
    if store::session_by_intent(simulator.settings.db.pool(), intent).await?.is_none() {
        return Err(Failure::missing("payment_intent", intent));
    }
    let mut tx = simulator.settings.db.begin().await?;
    let Some((row, amount)) = simulator.give_back(&mut tx, intent, amount).await? else {
        return Err(Failure {
            code: Some("charge_already_refunded"),
            ..Failure::refused("The payment is not paid, or less than this amount is left of it.")
        });
    };
    let id = format!("re_{}", hex::encode(random_bytes::<12>()));
    let now = simulator.settings.clock.now();
    let answer = objects::refund(&id, &row, amount, &params.metadata("metadata")?, now);
    idempotency.finish(&simulator, tx, answer).await
}

/// `GET /v1/balance`: an account that earned nothing.
pub async fn balance(_: Key) -> Json<Value> {
    let nothing = json!([{"amount": 0, "currency": "eur", "source_types": {"card": 0}}]);
    Json(json!({"object": "balance", "available": nothing, "livemode": false, "pending": nothing}))
}
