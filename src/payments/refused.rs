//! What a caller is told of a failed call to Stripe: what the customer can mend, an outage, or our own mistake.

use super::stripe::StripeFailure;
use crate::http::{Detail, error::ApiError};

/// What a caller is told.
pub(super) fn refused(failure: StripeFailure) -> ApiError {
    match &failure {
        StripeFailure::NotFound => ApiError::not_found("Ce paiement est introuvable."),
        StripeFailure::Unavailable(_) => ApiError::stripe_unavailable().caused_by(failure),
        StripeFailure::Refused { code, param, .. } => match mendable(code.as_deref(), param.as_deref()) {
            Some(detail) => payment_refused(detail).caused_by(failure),
            None => ApiError::internal(failure),
        },
        StripeFailure::Unreadable(_)
        | StripeFailure::IdempotencyConflict
        | StripeFailure::Misconfigured(_) => ApiError::internal(failure),
    }
}

fn payment_refused(detail: Detail) -> ApiError {
    let message = detail.message.clone();
    let details = serde_json::to_value([detail]).unwrap_or_default();
    ApiError::bad_request("PAYMENT_REFUSED", message).with("details", details)
}

/// The field of ours that Stripe refused, when the customer typed it (<https://docs.stripe.com/error-codes>).
fn mendable(code: Option<&str>, param: Option<&str>) -> Option<Detail> {
    let field = |name: &'static str, message: &'static str| {
        Some(Detail::field(name, code.unwrap_or_default().to_owned(), message))
    };
    match (code?, param) {
        ("email_invalid", _) => field("email", BAD_EMAIL),
        ("amount_too_small", _) => {
            field("nombrePages", "Le montant à payer est inférieur au minimum de 0,50\u{a0}€.")
        }
        (code, Some(param)) if code.starts_with("parameter_invalid") => match param {
            "customer_email" => field("email", BAD_EMAIL),
            param if param.ends_with("[product_data][name]") => {
                field("titre", "Le titre n’est pas accepté par le service de paiement. Merci de le modifier.")
            }
            _ => None,
        },
        _ => None,
    }
}

const BAD_EMAIL: &str =
    "L’adresse e-mail n’est pas acceptée par le service de paiement. Merci de la vérifier.";
