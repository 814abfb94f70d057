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
