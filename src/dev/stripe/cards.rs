//! Customers and the cards they keep: the calls of Stripe's API about them, and their tables.
//!
//! A browser that talks to Stripe makes a card's name there. Here nobody does, so that every name which begins with
//! `pm_mock_` stands for a card from the first time it is asked for. `pm_mock_declined…` is one its bank refuses,
//! `pm_mock_sepa…` is no card.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{FromRow, MySqlPool};

use super::Simulator;
use super::api::{Idempotency, Key, Pairs};
use super::failure::{Failure, played};
use super::params::Params;
use crate::clock::random_bytes;

pub const CUSTOMERS: &str = "CREATE TABLE IF NOT EXISTS dev_stripe_customers (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    email VARCHAR(512) NULL,
    name VARCHAR(512) NULL,
    metadata MEDIUMTEXT NOT NULL,
    deleted BOOLEAN NOT NULL DEFAULT FALSE,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

pub const CARDS: &str = "CREATE TABLE IF NOT EXISTS dev_stripe_cards (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    customer VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    detached BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'had a customer once, and can have none any more',
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY dev_stripe_cards_customer (customer, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

/// What the names of cards begin with that no browser made.
const MOCK: &str = "pm_mock_";

#[derive(FromRow)]
struct CustomerRow {
    id: String,
    email: Option<String>,
    name: Option<String>,
    metadata: String,
}

/// A card of the simulated Stripe.
#[derive(FromRow)]
pub struct CardRow {
    id: String,
    customer: Option<String>,
    detached: bool,
    created_at: chrono::DateTime<chrono::Utc>,
}

impl CardRow {
    /// The object of Stripe's API. Its looks follow from its name.
    fn object(&self) -> Value {
        let digest = Sha256::digest(&self.id);
        let byte = |place: usize| digest.get(place).copied().unwrap_or_default();
        let kind = if self.id.starts_with("pm_mock_sepa") { "sepa_debit" } else { "card" };
        let brand = ["visa", "mastercard", "amex"][usize::from(byte(0) % 3)];
        let last4 = format!("{:04}", u16::from_be_bytes([byte(1), byte(2)]) % 10_000);
        let card = json!({"brand": brand, "last4": last4, "exp_month": u16::from(byte(3) % 12) + 1, "exp_year": 2034,
            "fingerprint": hex::encode(digest.iter().take(8).copied().collect::<Vec<_>>()), "country": "FR",
            "funding": "credit"});
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {"address": null, "email": null, "name": null, "phone": null},
            "created": self.created_at.timestamp(),
            "customer": self.customer,
            "livemode": false,
            "metadata": {},
            "type": kind,
            kind: if kind == "card" { card } else { json!({"country": "FR", "last4": last4}) },
        })
    }

    /// The card as the page lists it: what to send, and what to show.
    pub fn choice(&self) -> Value {
        let object = self.object();
        let card = &object["card"];
        let year = card["exp_year"].as_u64().unwrap_or_default() % 100;
        let label = format!(
            "{} •••• {}, {:02}/{year:02}",
            card["brand"].as_str().unwrap_or_default(),
            card["last4"].as_str().unwrap_or_default(),
            card["exp_month"].as_u64().unwrap_or_default(),
        );
        json!({"id": self.id, "label": label})
    }
}

/// `POST /v1/customers`.
pub async fn create_customer(
    _: Key,
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    pairs: Pairs,
) -> Result<Response, Failure> {
    let params = Params::new(pairs?.0);
    let idempotency = Idempotency::new(&headers, &params, "customers");
    if let Some(answer) = idempotency.replay(&simulator).await? {
        return Ok(answer);
    }
    played(params.get("email"))?;
    let row = CustomerRow {
        id: format!("cus_{}", hex::encode(random_bytes::<8>())),
        email: params.get("email").map(str::to_owned),
        name: params.get("name").map(str::to_owned),
        metadata: json!(params.metadata("metadata")?).to_string(),
    };
    let mut tx = simulator.settings.db.begin().await?;
    sqlx::query(
        "INSERT INTO dev_stripe_customers (id, email, name, metadata, created_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&row.id)
    .bind(&row.email)
    .bind(&row.name)
    .bind(&row.metadata)
    .bind(simulator.settings.clock.now())
    .execute(&mut *tx)
    .await?;
    let metadata: Value = serde_json::from_str(&row.metadata).unwrap_or_default();
    let answer = json!({"id": row.id, "object": "customer", "email": row.email, "name": row.name, "livemode": false,
        "metadata": metadata});
    idempotency.finish(&simulator, tx, answer).await
}

/// `DELETE /v1/customers/{id}`: their cards are detached.
pub async fn delete_customer(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let db = simulator.settings.db.pool();
    let gone = sqlx::query("UPDATE dev_stripe_customers SET deleted = TRUE WHERE id = ? AND NOT deleted")
        .bind(&id)
        .execute(db)
        .await?;
    if gone.rows_affected() == 0 {
        return Err(Failure::missing("customer", &id));
    }
    sqlx::query("UPDATE dev_stripe_cards SET customer = NULL, detached = TRUE WHERE customer = ?")
        .bind(&id)
        .execute(db)
        .await?;
    Ok(Json(json!({"id": id, "object": "customer", "deleted": true})))
}

/// `POST /v1/setup_intents`. No browser finishes it here.
pub async fn create_setup_intent(
    _: Key,
    State(simulator): State<Simulator>,
    pairs: Pairs,
) -> Result<Json<Value>, Failure> {
    let params = Params::new(pairs?.0);
    let customer = params.required("customer")?;
    simulator.customer(customer).await?;
    let id = format!("seti_{}", hex::encode(random_bytes::<12>()));
    let secret = format!("{id}_secret_{}", hex::encode(random_bytes::<12>()));
    Ok(Json(json!({"id": id, "object": "setup_intent", "client_secret": secret, "customer": customer,
        "livemode": false, "payment_method_types": ["card"], "status": "requires_payment_method",
        "usage": params.get("usage")})))
}

/// `GET /v1/payment_methods/{id}`.
pub async fn retrieve(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    Ok(Json(simulator.card(&id).await?.object()))
}

/// `GET /v1/customers/{id}/payment_methods`.
pub async fn list(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    simulator.customer(&id).await?;
    let cards = cards_of(simulator.settings.db.pool(), &id).await?;
    let data: Vec<Value> = cards.iter().map(CardRow::object).collect();
    let url = format!("/v1/customers/{id}/payment_methods");
    Ok(Json(json!({"object": "list", "data": data, "has_more": false, "url": url})))
}

/// `POST /v1/payment_methods/{id}/attach`.
pub async fn attach(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, Failure> {
    let params = Params::new(pairs?.0);
    let customer = params.required("customer")?;
    simulator.customer(customer).await?;
    let card = simulator.card(&id).await?;
    if id.starts_with("pm_mock_declined") {
        let refusal = Failure::new(StatusCode::PAYMENT_REQUIRED, "card_error", "Your card was declined.");
        return Err(Failure { code: Some("card_declined"), ..refusal });
    }
    let attached = sqlx::query(
        "UPDATE dev_stripe_cards SET customer = ?
         WHERE id = ? AND NOT detached AND (customer IS NULL OR customer = ?)",
    )
    .bind(customer)
    .bind(&card.id)
    .bind(customer)
    .execute(simulator.settings.db.pool())
    .await?;
    match attached.rows_affected() {
        0 if card.detached => Err(Failure::refused(
            "This PaymentMethod was detached from a Customer, and may not be used again.",
        )),
        0 => Err(Failure::refused("The payment method has already been attached to a customer.")),
        _ => Ok(Json(simulator.card(&id).await?.object())),
    }
}

/// `POST /v1/payment_methods/{id}/detach`.
pub async fn detach(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let card = simulator.card(&id).await?;
    // Of a mock nobody typed, the same name may come again: it stands for a card typed anew.
    let detached = !card.id.starts_with(MOCK);
    let taken = sqlx::query(
        "UPDATE dev_stripe_cards SET customer = NULL, detached = ? WHERE id = ? AND customer IS NOT NULL",
    )
    .bind(detached)
    .bind(&id)
    .execute(simulator.settings.db.pool())
    .await?;
    match taken.rows_affected() {
        0 => Err(Failure::refused(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        )),
        _ => Ok(Json(simulator.card(&id).await?.object())),
    }
}

/// The cards of a customer, newest first.
pub async fn cards_of(db: &MySqlPool, customer: &str) -> Result<Vec<CardRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, customer, detached, created_at FROM dev_stripe_cards WHERE customer = ?
         ORDER BY created_at DESC, id DESC LIMIT 50",
    )
    .bind(customer)
    .fetch_all(db)
    .await
}

impl Simulator {
    /// The address of a customer.
    pub(super) async fn customer(&self, id: &str) -> Result<Option<String>, Failure> {
        let known: Option<Option<String>> =
            sqlx::query_scalar("SELECT email FROM dev_stripe_customers WHERE id = ? AND NOT deleted")
                .bind(id)
                .fetch_optional(self.settings.db.pool())
                .await?;
        known.ok_or_else(|| {
            Failure::invalid("resource_missing", "customer", &format!("No such customer: '{id}'"))
        })
    }

    async fn card(&self, id: &str) -> Result<CardRow, Failure> {
        let db = self.settings.db.pool();
        if id.starts_with(MOCK) {
            sqlx::query("INSERT IGNORE INTO dev_stripe_cards (id, created_at) VALUES (?, ?)")
                .bind(id)
                .bind(self.settings.clock.now())
                .execute(db)
                .await?;
        }
        let known = "SELECT id, customer, detached, created_at FROM dev_stripe_cards WHERE id = ?";
        let card: Option<CardRow> = sqlx::query_as(known).bind(id).fetch_optional(db).await?;
        card.ok_or_else(|| Failure::missing("payment_method", id))
    }
}
