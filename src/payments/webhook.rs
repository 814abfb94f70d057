//! The webhook's door: signature first, then whether the event concerns this site.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    event::StripeEvent,
    inbox::{self, Receipt},
    refunds, signature,
};
use crate::{
    app::AppState,
    http::{
        error::{ApiError, ApiResult, ErrorBody},
        read_body,
    },
};

/// Largest event read, in bytes; Stripe's are a few KiB.
const LIMIT: usize = 1 << 20;

/// Stripe's events. An event already applied is answered 200 and changes nothing.
#[utoipa::path(post, path = "/payments/webhook", tag = "Payments",
    request_body(content = Object, description = "A Stripe event, as signed"),
    params(("stripe-signature" = String, Header, max_length = 1000)),
    responses((status = 200, description = "Received", body = Object),
        (status = 400, description = "Not signed by Stripe, or kept but not readable", body = ErrorBody),
        (status = 404, description = "A session of nobody's; Stripe will repeat it", body = ErrorBody),
        (status = 500, description = "Kept, will be tried again", body = ErrorBody)))]
pub async fn webhook(State(state): State<AppState>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    let event_and_body = verified(&state, &headers, body).await;
    let (event, payload) = event_and_body.map_err(not_received)?;
    if let Some(ignored) = foreign(&state, &event).await.map_err(not_received)? {
        return Ok(Json(ignored).into_response());
    }
    match inbox::receive(&state, &event, &payload).await.map_err(not_received)? {
        Receipt::Processed | Receipt::Duplicate => {
            Ok(Json(json!({ "received": true, "eventType": event.kind })).into_response())
        }
        Receipt::Parked => Ok(Json(not_ours(&state, &event)).into_response()),
        Receipt::Unmatched => {
            Err(not_received(ApiError::not_found("Aucune commande ne correspond à ce paiement.")))
        }
    }
}

fn not_received(error: ApiError) -> ApiError {
    error.with("received", false)
}

async fn verified(state: &AppState, headers: &HeaderMap, body: Body) -> ApiResult<(StripeEvent, String)> {
    let bytes = read_body(body, LIMIT).await?;
    let refused = |reason: &str| {
        // Which step failed helps an operator; the caller learns nothing.
        tracing::warn!(reason, "a webhook was refused");
        ApiError::bad_request("INVALID_SIGNATURE", "La signature de l’événement n’est pas valide.")
    };
    if headers.get(CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"application/json")) {
        return Err(refused("not JSON"));
    }
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let header = header.ok_or_else(|| refused("no signature"))?;
    signature::verify(header, &bytes, &state.config.stripe.webhook_secrets, state.clock.now())
        .map_err(|error| refused(&error.to_string()))?;
    let payload = String::from_utf8(bytes.into()).map_err(|_| refused("not UTF-8"))?;
    let event = StripeEvent::parse(payload.as_bytes()).map_err(|_| refused("not an event"))?;
    Ok((event, payload))
}

/// The answer to an event that is not about this site; the Stripe account is shared.
async fn foreign(state: &AppState, event: &StripeEvent) -> ApiResult<Option<Value>> {
    let source = event.source();
    if source.is_some_and(|source| state.config.stripe.allowed_sources.iter().any(|ours| ours == source)) {
        return Ok(None);
    }
    let may_be_ours = source.is_none() && event.kind.starts_with("charge.");
    if may_be_ours && (inbox::may_await(event) || concerns_our_payment(state, event).await?) {
        return Ok(None);
    }
    Ok(Some(not_ours(state, event)))
}

fn not_ours(state: &AppState, event: &StripeEvent) -> Value {
    let source = event.source();
    match event.kind.as_str() {
        "checkout.session.completed" => json!({
            "received": true, "ignored": true,
            "reason": "Cet événement ne provient pas de ce site.",
            "eventSource": source.unwrap_or("undefined"),
            "allowedSources": state.config.stripe.allowed_sources,
        }),
        kind => json!({
            "received": true, "ignored": true,
            "reason": if source.is_some() { "Cet événement provient d’un autre site." }
                else { "Cet événement ne dit pas d’où il provient." },
            "eventType": kind,
        }),
    }
}

async fn concerns_our_payment(state: &AppState, event: &StripeEvent) -> ApiResult<bool> {
    match event.object.get("payment_intent").and_then(Value::as_str) {
        Some(intent) => refunds::is_ours(state, intent).await,
        None => Ok(false),
    }
}
