//! Extractors that reject with [`ApiError`] only. They replace axum's own everywhere.

#![allow(clippy::disallowed_types, reason = "here they are wrapped")]

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Path, RawPathParams, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;
use uuid::fmt::Hyphenated;
use validator::Validate;

use super::body::{read_body, too_large};
use super::context::RequestContext;
use super::error::ApiError;
use super::refusal;

/// Largest JSON body accepted, in bytes, where no [`JsonLimit`] says otherwise.
pub const JSON_BODY_LIMIT: usize = 1 << 20;

/// Largest JSON body of a route, in bytes: `route.layer(Extension(JsonLimit(4 << 20)))`.
#[derive(Debug, Clone, Copy)]
pub struct JsonLimit(pub usize);

/// A JSON body, parsed and validated.
///
/// An empty body reads as `{}`, so that missing fields are named. Unknown keys are ignored.
///
/// # Errors
/// 400 `INVALID_JSON` or `VALIDATION_ERROR` with details, 413, 415 for a declared type other than JSON.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned + Validate> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let body = read_json(request).await?;
        let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
        Ok(Self(parse_json(&body)?))
    }
}

/// A JSON body that may be left out: nothing, or `T` as [`ApiJson`] reads it.
#[derive(Debug)]
pub struct OptionalJson<T>(pub T);

impl<S: Sync, T: DeserializeOwned + Validate + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let body = read_json(request).await?;
        Ok(Self(if body.is_empty() { T::default() } else { parse_json(&body)? }))
    }
}

/// The query string, parsed and validated. Rejects with 400 `VALIDATION_ERROR`.
///
/// Numbers that follow the lenient rule of [`super::list::Paging`] are declared as `Option<String>`.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Sync, T: DeserializeOwned + Validate> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_pairs(query));
        let value: T = serde_path_to_error::deserialize(reader).map_err(refusal::from_query)?;
        value.validate().map_err(refusal::from_rules)?;
        Ok(Self(value))
    }
}

/// Path parameters of any shape, in order; a value that does not fit is a 404.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|_| not_found())
    }
}

/// The id in the path (the first parameter); one that is no UUID names nothing: 404.
#[derive(Debug, Clone, Copy)]
pub struct PathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        path_uuid(parts, state).await.map(Self).ok_or_else(not_found)
    }
}

/// The id in the path (the first parameter), where the contract answers 400 `INVALID_ID` to a malformed one.
#[derive(Debug, Clone, Copy)]
pub struct StrictPathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for StrictPathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        path_uuid(parts, state).await.map(Self).ok_or_else(invalid_id)
    }
}

/// Reads an id of a path with several, by the rule of [`StrictPathId`].
///
/// # Errors
/// 400 `INVALID_ID`.
pub fn strict_id(text: &str) -> Result<Uuid, ApiError> {
    Hyphenated::from_str(text).map(Hyphenated::into_uuid).map_err(|_| invalid_id())
}

fn invalid_id() -> ApiError {
    ApiError::bad_request("INVALID_ID", "Identifiant invalide.")
}

/// A multipart form, read field by field, without the request time limit.
///
/// The whole form is limited to 2 MiB unless the route says `layer(DefaultBodyLimit::max(bytes))`. Errors of
/// its fields become an [`ApiError`] through `?`: 413 past the limit, 400 when the form is malformed.
///
/// # Errors
/// 415 when the body is no multipart form.
#[derive(Debug)]
pub struct ApiMultipart(pub Multipart);

impl<S: Send + Sync> FromRequest<S> for ApiMultipart {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        lift_timeout(request.extensions());
        let form = Multipart::from_request(request, state).await;
        form.map(Self).map_err(|_| {
            ApiError::unsupported_media("Le corps de la requête doit être un formulaire multipart.")
        })
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return ApiError::payload_too_large("L'envoi est trop volumineux.");
        }
        // Whatever else fails while reading a form is the sender's connection or the sender's form.
        ApiError::bad_request("INVALID_MULTIPART", "Le formulaire n'a pas pu être lu en entier.")
            .caused_by(error)
    }
}

/// Reads a field whose absence means something else than `null`: `#[serde(default, deserialize_with = "given")]` on an
/// `Option<Option<T>>`.
///
/// # Errors
/// When the value has the wrong shape.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Reads a struct that is a field of a body: serde would take a list of its values for it too.
///
/// # Errors
/// When the value is no object, or has the wrong shape.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(value: D) -> Result<Option<T>, D::Error> {
    let fields = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(value)?;
    fields.map(|fields| serde_json::from_value(fields.into()).map_err(D::Error::custom)).transpose()
}

/// Marks a handler that may outlast the request time limit: an upload, an export. Stands first in its signature.
#[derive(Debug, Clone, Copy)]
pub struct LongRunning;

impl<S: Sync> FromRequestParts<S> for LongRunning {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        lift_timeout(&parts.extensions);
        Ok(Self)
    }
}

fn lift_timeout(extensions: &Extensions) {
    if let Some(context) = extensions.get::<Arc<RequestContext>>() {
        context.lift_timeout();
    }
}

/// Reads a JSON body, or an empty one, without judging it.
///
/// # Errors
/// 413, 415 for a declared type other than JSON, and those of [`read_body`].
pub async fn read_json(request: Request) -> Result<Bytes, ApiError> {
    let (parts, body) = request.into_parts();
    let limit = json_limit(&parts.extensions);
    if declared_length(&parts.headers).is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let body = read_body(body, limit).await?;
    if body.is_empty() || is_json(&parts.headers) {
        return Ok(body);
    }
    Err(ApiError::unsupported_media("Le corps de la requête doit être au format JSON."))
}

fn parse_json<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<T, ApiError> {
    // For serde the list of its values is as good as an object.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(refusal::not_an_object());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(refusal::from_json)?;
    reader.end().map_err(refusal::from_syntax)?;
    value.validate().map_err(refusal::from_rules)?;
    Ok(value)
}

fn json_limit(extensions: &Extensions) -> usize {
    extensions.get::<JsonLimit>().map_or(JSON_BODY_LIMIT, |limit| limit.0)
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `application/json` or `application/*+json`; a body whose type is not declared is taken for JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

async fn path_uuid<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<Uuid> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    let (_, value) = params.iter().next()?;
    Hyphenated::from_str(value).ok().map(Hyphenated::into_uuid)
}

fn not_found() -> ApiError {
    ApiError::not_found("Ressource introuvable.")
}
