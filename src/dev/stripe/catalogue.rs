//! Products and prices of the simulated Stripe: what our gateway asks of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use sqlx::{Executor, MySql};

use super::Simulator;
use super::api::{Idempotency, Key, Pairs};
use super::failure::Failure;
use super::params::Params;
use crate::clock::random_bytes;

pub const TABLE: &str = "CREATE TABLE IF NOT EXISTS dev_stripe_catalogue (
    id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    object MEDIUMTEXT NOT NULL COMMENT 'a product or a price',
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

async fn find<'e, E>(db: E, kind: &str, id: &str) -> Result<Value, Failure>
where
    E: Executor<'e, Database = MySql>,
{
    let found: Option<String> = match id.is_ascii() {
        true => {
            let select = sqlx::query_scalar("SELECT object FROM dev_stripe_catalogue WHERE id = ?");
            select.bind(id).fetch_optional(db).await?
        }
        false => None,
    };
    let object: Option<Value> = found.and_then(|text| serde_json::from_str(&text).ok());
    object.filter(|object| object["object"] == kind).ok_or_else(|| Failure::missing(kind, id))
}

async fn keep<'e, E>(db: E, object: &Value) -> Result<(), Failure>
where
    E: Executor<'e, Database = MySql>,
{
    sqlx::query(
        "INSERT INTO dev_stripe_catalogue (id, object) VALUES (?, ?) ON DUPLICATE KEY UPDATE object = VALUES(object)",
    )
    .bind(object["id"].as_str())
    .bind(object.to_string())
    .execute(db)
    .await?;
    Ok(())
}

/// `POST /v1/products`.
pub async fn create_product(
    _: Key,
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    pairs: Pairs,
) -> Result<Response, Failure> {
    let params = Params::new(pairs?.0);
    let now = simulator.settings.clock.now().timestamp();
    let mut product = json!({
        "id": format!("prod_{}", hex::encode(random_bytes::<7>())), "object": "product", "active": true, "attributes": [],
        "created": now, "default_price": null, "description": null, "images": [], "livemode": false,
        "marketing_features": [], "metadata": {}, "name": params.required("name")?, "package_dimensions": null,
        "shippable": null, "statement_descriptor": null, "tax_code": null, "type": "service", "unit_label": null,
        "updated": now, "url": null,
    });
    change(&mut product, &params)?;
    make(&simulator, &headers, &params, "products", product).await
}

/// `POST /v1/prices`, of a product that is there.
pub async fn create_price(
    _: Key,
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    pairs: Pairs,
) -> Result<Response, Failure> {
    let params = Params::new(pairs?.0);
    let product = params.required("product")?;
    find(simulator.settings.db.pool(), "product", product).await?;
    let amount = params.integer("unit_amount")?;
    if amount < 0 {
        return Err(Failure::invalid(
            "parameter_invalid_integer",
            "unit_amount",
            "Invalid non-negative integer",
        ));
    }
    let mut price = json!({
        "id": format!("price_{}", hex::encode(random_bytes::<12>())), "object": "price", "active": true,
        "billing_scheme": "per_unit", "created": simulator.settings.clock.now().timestamp(),
        "currency": params.required("currency")?, "custom_unit_amount": null, "livemode": false, "lookup_key": null,
        "metadata": {}, "nickname": null, "product": product, "recurring": null, "tax_behavior": "unspecified",
        "tiers_mode": null, "transform_quantity": null, "type": "one_time", "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
    });
    change(&mut price, &params)?;
    make(&simulator, &headers, &params, "prices", price).await
}

async fn make(
    simulator: &Simulator,
    headers: &HeaderMap,
    params: &Params,
    call: &str,
    object: Value,
) -> Result<Response, Failure> {
    let idempotency = Idempotency::new(headers, params, call);
    if let Some(answer) = idempotency.replay(simulator).await? {
        return Ok(answer);
    }
    let mut tx = simulator.settings.db.begin().await?;
    keep(&mut *tx, &object).await?;
    idempotency.finish(simulator, tx, object).await
}

/// What both kinds take when they are made and afterwards. The amount of a price is not among it.
fn change(object: &mut Value, params: &Params) -> Result<(), Failure> {
    for key in ["name", "description"] {
        let Some(text) = params.get(key) else { continue };
        if text.is_empty() {
            return Err(Failure::invalid("parameter_invalid_empty", key, "You passed an empty string"));
        }
        object[key] = text.into();
    }
    if let Some(active) = params.get("active") {
        object["active"] = (active == "true").into();
    }
    for (key, value) in params.metadata("metadata")? {
        object["metadata"][key] = value.into();
    }
    Ok(())
}

async fn changed(
    simulator: &Simulator,
    kind: &str,
    id: &str,
    params: &Params,
) -> Result<Json<Value>, Failure> {
    let mut object = find(simulator.settings.db.pool(), kind, id).await?;
    change(&mut object, params)?;
    keep(simulator.settings.db.pool(), &object).await?;
    Ok(Json(object))
}

/// `POST /v1/products/{id}`.
pub async fn change_product(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, Failure> {
    changed(&simulator, "product", &id, &Params::new(pairs?.0)).await
}

/// `POST /v1/prices/{id}`.
pub async fn change_price(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, Failure> {
    let params = Params::new(pairs?.0);
    if params.get("unit_amount").is_some() {
        return Err(Failure::invalid("parameter_unknown", "unit_amount", "Received unknown parameter"));
    }
    changed(&simulator, "price", &id, &params).await
}

/// `GET /v1/products/{id}`.
pub async fn product(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    find(simulator.settings.db.pool(), "product", &id).await.map(Json)
}

/// `GET /v1/prices/{id}`.
pub async fn price(
    _: Key,
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    find(simulator.settings.db.pool(), "price", &id).await.map(Json)
}
