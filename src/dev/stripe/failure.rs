//! Refusals, as Stripe words them.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as Stripe words it: `{"error": {"type", "code", "param", "message"}}`.
pub struct Failure {
    pub status: StatusCode,
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
}

impl Failure {
    /// Of this status and type.
    pub fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code: None, param: None, message: message.into() }
    }

    /// A parameter is wrong.
    pub fn invalid(code: &'static str, param: &str, message: &str) -> Self {
        Self {
            code: Some(code),
            param: Some(param.to_owned()),
            ..Self::refused(format!("{message}: {param}."))
        }
    }

    /// No object has this identifier.
    pub fn missing(what: &str, id: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            ..Self::invalid("resource_missing", what, &format!("No such {what}: '{id}'"))
        }
    }

    /// The state of things does not allow it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }
}

/// The refusal a customer's address asks for: its part before the `@` names an error code of Stripe's.
pub fn played(email: Option<&str>) -> Result<(), Failure> {
    const NAME: &str = "line_items[0][price_data][product_data][name]";
    const UNIT: &str = "line_items[0][price_data][unit_amount]";
    let Some((code, _)) = email.and_then(|email| email.split_once('@')) else { return Ok(()) };
    Err(match code {
        "email_invalid" => Failure::invalid("email_invalid", "customer_email", "Invalid email address"),
        "amount_too_small" => Failure::invalid("amount_too_small", UNIT, "At least 0.50 EUR is due"),
        "parameter_invalid_string_blank" => {
            Failure::invalid("parameter_invalid_string_blank", NAME, "Must not be blank")
        }
        "parameter_invalid_integer" => {
            Failure::invalid("parameter_invalid_integer", "expires_at", "Invalid integer")
        }
        "api_key_expired" => {
            let message = "Expired API Key provided.";
            let refusal = Failure::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message);
            Failure { code: Some("api_key_expired"), ..refusal }
        }
        "rate_limit" => {
            Failure::new(StatusCode::TOO_MANY_REQUESTS, "invalid_request_error", "Too many requests.")
        }
        "api_error" => {
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "An unknown error occurred.")
        }
        _ => return Ok(()),
    })
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = json!({"type": self.kind, "code": self.code, "param": self.param,
            "message": self.message});
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "simulated Stripe: database error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "An unknown error occurred.")
    }
}

impl From<FormRejection> for Failure {
    fn from(rejection: FormRejection) -> Self {
        Self::refused(rejection.body_text())
    }
}
