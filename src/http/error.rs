//! The one error type of the HTTP surface and its JSON envelope.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::http::header::{HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::context::RequestContext;
use super::outage;

/// The result of a handler or of a service called by one.
pub type ApiResult<T> = Result<T, ApiError>;

/// Seconds a client is asked to wait when the database or a provider is away.
const OUTAGE_RETRY_SECONDS: u64 = 5;

/// An answer other than success: a status, a machine code, a French sentence for the reader, and for
/// the log alone the cause.
pub struct ApiError(Box<Inner>);

struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    code_as_error: bool,
    extra: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<anyhow::Error>,
}

/// One refused field of a request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Detail {
    /// The rule that refused the value, such as `required` or `length`.
    pub code: Cow<'static, str>,
    /// Where the value stands in the body or in the query, keys and indexes from the outside in.
    pub path: Vec<Value>,
    /// What is wrong, in French, for the person who filled the form.
    pub message: Cow<'static, str>,
}

impl Detail {
    /// A detail about the top-level field `field`.
    pub fn field(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code: code.into(), path: vec![Value::String(field.into())], message: message.into() }
    }
}

/// The body of every error answer. Some errors add keys (`retryAfter`, `currentRole`, ...).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Always `false`.
    pub success: bool,
    /// The same sentence as `message`; for a few control-flow answers, the code.
    pub error: Cow<'static, str>,
    /// What happened, in French, for the person who reads it.
    pub message: Cow<'static, str>,
    /// Stable machine code, in SCREAMING_SNAKE_CASE.
    #[schema(example = "VALIDATION_ERROR")]
    pub code: Cow<'static, str>,
    /// The request's id, as in the `X-Request-Id` header.
    pub request_id: String,
    /// The refused fields, on validation errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Detail>>,
}

/// Left on an error response for the request log: the code, and the cause when there is one.
#[derive(Debug, Clone)]
pub struct ErrorTrace {
    /// The machine code sent to the client.
    pub code: Cow<'static, str>,
    /// The chain of causes, outermost first. Never sent to the client.
    pub cause: Option<Arc<str>>,
}

impl ApiError {
    /// An error with any status. The named constructors are the usual way.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.into(),
            message: message.into(),
            code_as_error: false,
            extra: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// 400: the request cannot be understood or accepted as it is.
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 `VALIDATION_ERROR` with the list of the refused fields.
    pub fn validation(details: Vec<Detail>) -> Self {
        let message = summary(&details);
        let details = serde_json::to_value(details).unwrap_or_default();
        Self::bad_request("VALIDATION_ERROR", message).with("details", details)
    }

    /// 400 `VALIDATION_ERROR` about one top-level field.
    pub fn invalid_field(field: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::validation(vec![Detail::field(field, "invalid", message)])
    }

    /// 401: the session is not valid. Never used for anything else.
    pub fn unauthorized(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 403: the role or the ownership forbids it.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404 `NOT_FOUND`.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 409: the present state forbids it.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 413 `PAYLOAD_TOO_LARGE`.
    pub fn payload_too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// 415 `UNSUPPORTED_MEDIA_TYPE`.
    pub fn unsupported_media(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// 429 `TOO_MANY_REQUESTS`, with the wait in seconds as `Retry-After` and `retryAfter`.
    pub fn too_many_requests(retry_after_secs: u64) -> Self {
        let message = "Trop de requêtes. Merci de patienter avant de réessayer.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", message)
            .retry_after(retry_after_secs)
            .with("retryAfter", retry_after_secs)
    }

    /// 503 `SERVICE_UNAVAILABLE`: the database is away, or the server is full.
    pub fn unavailable() -> Self {
        let message = "Le service est momentanément indisponible. Merci de réessayer dans quelques instants.";
        Self::outage("SERVICE_UNAVAILABLE", message)
    }

    /// 503 `STRIPE_UNAVAILABLE`: the payment provider does not answer.
    pub fn stripe_unavailable() -> Self {
        let message = "Le service de paiement est momentanément indisponible. Merci de réessayer dans quelques instants.";
        Self::outage("STRIPE_UNAVAILABLE", message)
    }

    /// 503 `STORAGE_UNAVAILABLE`: files cannot be kept at the moment.
    pub fn storage_full() -> Self {
        let message =
            "Le stockage des fichiers est momentanément indisponible. Merci de réessayer plus tard.";
        Self::outage("STORAGE_UNAVAILABLE", message)
    }

    /// 500 `INTERNAL_ERROR`; the cause goes to the log and nowhere else.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        let message =
            "Une erreur interne est survenue. Merci de réessayer ; si le problème persiste, contactez-nous.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message).caused_by(cause)
    }

    fn outage(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(OUTAGE_RETRY_SECONDS)
    }

    /// Adds a key to the body. The five keys of the envelope cannot be replaced.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a sentence to what people read.
    pub fn remarking(mut self, sentence: &str) -> Self {
        self.0.message = format!("{} {sentence}", self.0.message).into();
        self
    }

    /// Takes a key out of the body again.
    pub fn without(mut self, key: &str) -> Self {
        self.0.extra.remove(key);
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Sets `Retry-After`, in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Sends the code instead of the sentence under `error`, for answers the single-page app branches on.
    pub fn with_code_as_error(mut self) -> Self {
        self.0.code_as_error = true;
        self
    }

    /// Attaches the cause, for the log only.
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The machine code of the answer.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The sentence of the answer.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The refused top-level fields, each with what is wrong with it.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let details = self.0.extra.get("details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        details.iter().filter_map(|detail| {
            let field = detail.get("path")?.as_array()?.first()?.as_str()?;
            Some((field, detail.get("message")?.as_str()?))
        })
    }

    /// The database error underneath, if that is what happened.
    pub fn database_cause(&self) -> Option<&sqlx::Error> {
        self.0.cause.as_ref()?.chain().find_map(|cause| cause.downcast_ref())
    }

    /// What a table may keep of this failure: the code, then the cause without anything quoted in it, which may be
    /// about a person. Of an error of the database, its number alone.
    pub fn keepable(&self) -> String {
        let cause = match (self.database_cause(), &self.0.cause) {
            (Some(sqlx::Error::Database(error)), _) => {
                format!("database {}", error.code().unwrap_or_default())
            }
            (_, Some(cause)) => unquoted(&format!("{cause:#}")),
            (_, None) => return self.code().to_owned(),
        };
        format!("{}: {cause}", self.code())
    }

    fn body(code_as_error: bool, inner: &mut Inner) -> Map<String, Value> {
        let error = if code_as_error { &inner.code } else { &inner.message };
        let envelope = [
            ("success", Value::Bool(false)),
            ("error", Value::from(error.as_ref())),
            ("message", Value::from(inner.message.as_ref())),
            ("code", Value::from(inner.code.as_ref())),
            ("requestId", Value::from(RequestContext::current_id())),
        ];
        let mut body = std::mem::take(&mut inner.extra);
        body.extend(envelope.map(|(key, value)| (key.to_owned(), value)));
        body
    }
}

/// A text without what stands between its first and its last quotation mark.
fn unquoted(text: &str) -> String {
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '«' | '»');
    match (text.find(quote), text.rfind(quote)) {
        (Some(first), Some(last)) if first < last => {
            format!("{}…{}", text.get(..first).unwrap_or_default(), text.get(last..).unwrap_or_default())
        }
        (Some(first), _) => text.get(..first).unwrap_or_default().to_owned(),
        _ => text.to_owned(),
    }
}

/// One sentence that says what is wrong: the details themselves when they are few.
fn summary(details: &[Detail]) -> String {
    let mut messages: Vec<&str> = Vec::new();
    for detail in details {
        if !messages.contains(&detail.message.as_ref()) {
            messages.push(&detail.message);
        }
    }
    match messages.len() {
        0 => "Les données envoyées ne sont pas valides.".to_owned(),
        1..=3 => messages.join(" "),
        _ => "Plusieurs champs ne sont pas valides. Merci de les vérifier.".to_owned(),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut inner = *self.0;
        let body = Self::body(inner.code_as_error, &mut inner);
        let mut response = (inner.status, inner.headers, Json(body)).into_response();
        response.extensions_mut().insert(ErrorTrace {
            code: inner.code,
            cause: inner.cause.map(|cause| Arc::from(format!("{cause:#}"))),
        });
        response
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("status", &self.0.status.as_u16())
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.0.code)?;
        match &self.0.cause {
            Some(cause) => write!(f, ": {cause:#}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ApiError {}

impl From<anyhow::Error> for ApiError {
    fn from(cause: anyhow::Error) -> Self {
        match cause.downcast::<ApiError>() {
            Ok(error) => error,
            Err(cause) => match outage::find(&cause) {
                Some(outage::Outage::Database) => Self::unavailable().caused_by(cause),
                Some(outage::Outage::Storage) => Self::storage_full().caused_by(cause),
                None => Self::internal(cause),
            },
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(cause: sqlx::Error) -> Self {
        anyhow::Error::new(cause).into()
    }
}

impl From<std::io::Error> for ApiError {
    fn from(cause: std::io::Error) -> Self {
        anyhow::Error::new(cause).into()
    }
}

impl crate::db::Retryable for ApiError {
    fn is_deadlock(&self) -> bool {
        self.database_cause().is_some_and(crate::db::Retryable::is_deadlock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(error: ApiError) -> Value {
        Value::Object(ApiError::body(error.0.code_as_error, &mut { *error.0 }))
    }

    #[test]
    fn error_and_message_carry_the_same_sentence() {
        let body =
            json(ApiError::conflict("EMAIL_TAKEN", "Cette adresse est déjà utilisée.").with("email", "a"));
        assert_eq!(body["success"], false);
        assert_eq!(body["error"], body["message"]);
        assert_eq!(body["code"], "EMAIL_TAKEN");
        assert_eq!(body["email"], "a");
        assert_eq!(body["requestId"], "");
    }

    #[test]
    fn control_flow_answers_keep_their_code_in_error() {
        let error =
            ApiError::bad_request("VISITOR_EMAIL_RESPONSE", "Répondez par e-mail.").with_code_as_error();
        let body = json(error);
        assert_eq!(body["error"], "VISITOR_EMAIL_RESPONSE");
        assert_eq!(body["message"], "Répondez par e-mail.");
    }

    #[test]
    fn extra_keys_never_replace_the_envelope() {
        assert_eq!(json(ApiError::not_found("Introuvable.").with("code", "OTHER"))["code"], "NOT_FOUND");
    }

    #[test]
    fn a_pool_timeout_is_an_outage_and_a_missing_row_is_a_defect() {
        assert_eq!(ApiError::from(sqlx::Error::PoolTimedOut).code(), "SERVICE_UNAVAILABLE");
        let wrapped = anyhow::Error::new(sqlx::Error::PoolClosed).context("loading the order");
        assert_eq!(ApiError::from(wrapped).status(), StatusCode::SERVICE_UNAVAILABLE);
        let missing = ApiError::from(sqlx::Error::RowNotFound);
        assert_eq!(missing.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(missing.database_cause().is_some());
    }

    #[test]
    fn a_full_disk_is_a_storage_outage() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(ApiError::from(full).code(), "STORAGE_UNAVAILABLE");
        let other = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(ApiError::from(other).code(), "INTERNAL_ERROR");
    }

    #[test]
    fn an_api_error_survives_a_trip_through_anyhow() {
        let error = anyhow::Error::new(ApiError::not_found("Introuvable."));
        assert_eq!(ApiError::from(error).code(), "NOT_FOUND");
    }

    #[test]
    fn a_long_list_of_refused_fields_is_summed_up() {
        let detail = |n: usize| Detail::field("f", "c", format!("Message {n}."));
        let error = ApiError::validation((0..2).map(detail).collect());
        assert_eq!(error.message(), "Message 0. Message 1.");
        let error = ApiError::validation((0..9).map(detail).collect());
        assert!(error.message().starts_with("Plusieurs champs"));
    }
}
