//! The payment page: one self-contained document, no script, nothing loaded from elsewhere.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cards::CardRow;
use super::status::{PaymentStatus, SessionStatus};
use super::store::SessionRow;
use crate::money;

const TEMPLATE: &str = include_str!("../../../templates/dev/stripe-checkout.hbs");
const STYLE: &str = include_str!("../../../templates/dev/stripe-checkout.css");

/// What just happened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Nothing to tell.
    None,
    /// The card was refused.
    Refused,
    /// The box was not ticked.
    Terms,
}

/// The page of a session, in whatever state it is.
pub fn session(row: &SessionRow, notice: Notice, cards: &[CardRow]) -> Response {
    let object = row.session();
    let line = &row.created()["line_items"]["data"][0];
    let open = row.status == SessionStatus::Open;
    document(
        StatusCode::OK,
        &json!({
            "title": line["description"],
            "description": line["price"]["nickname"],
            "amount": money::french(row.amount),
            "reference": object["metadata"]["reference"],
            "open": open,
            "refused": open && notice == Notice::Refused,
            "unticked": open && notice == Notice::Terms,
            "terms": terms(&object),
            "cards": cards.iter().map(CardRow::choice).collect::<Vec<_>>(),
            "waiting": row.awaits_money,
            "paid": row.payment_status == PaymentStatus::Paid,
            "expired": row.status == SessionStatus::Expired,
            "unpaid": row.status == SessionStatus::Complete && row.payment_status == PaymentStatus::Unpaid && !row.awaits_money,
            "unknown": false,
            "path": format!("/dev/stripe/checkout/{}", row.id),
            "success_url": success_url(row),
            "cancel_url": cancel_url(row),
            "tools": open || row.awaits_money,
            "email": object["customer_details"]["email"],
        }),
    )
}

/// The page of a session that never was.
pub fn unknown() -> Response {
    let flags = ["open", "refused", "unticked", "waiting", "paid", "expired", "unpaid", "tools"];
    let mut context: Value = flags.iter().map(|flag| (flag.to_string(), json!(false))).collect();
    context["unknown"] = json!(true);
    context["cancel_url"] = Value::Null;
    document(StatusCode::NOT_FOUND, &context)
}

/// The sentence beside the box, its link split into what comes before, where it leads, what it says, what follows.
fn terms(object: &Value) -> Value {
    let Some(text) = object["custom_text"]["terms_of_service_acceptance"]["message"].as_str() else {
        return Value::Null;
    };
    let parts = text.split_once('[').and_then(|(before, rest)| {
        let (label, rest) = rest.split_once("](")?;
        let (url, after) = rest.split_once(')')?;
        Some(json!({"before": before, "label": label, "url": url, "after": after}))
    });
    parts.unwrap_or_else(|| json!({"before": text, "label": "", "url": "", "after": ""}))
}

/// Where a customer who paid goes.
pub fn success_url(row: &SessionRow) -> String {
    let object = row.created();
    let url = object["success_url"].as_str().unwrap_or("/");
    url.replace("{CHECKOUT_SESSION_ID}", &row.id)
}

/// Where a customer who gave up goes, when the caller said so.
pub fn cancel_url(row: &SessionRow) -> Option<String> {
    row.created()["cancel_url"].as_str().map(ToOwned::to_owned)
}

fn document(status: StatusCode, context: &Value) -> Response {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_partial("style", STYLE).ok();
    match engine.render_template(TEMPLATE, context) {
        Ok(html) => (status, headers(), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "simulated Stripe: cannot render the page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The policy allows the page's own style sheet and nothing else. `form-action` stays open: it
/// would also bind the redirect that follows the form, to wherever the shop's pages are.
fn headers() -> [(header::HeaderName, String); 2] {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'");
    [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store".to_owned())]
}
