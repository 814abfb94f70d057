//! Bodies read whole: those of every request that is no upload.

use std::future::Future;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::StatusCode;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::bounds::Bounds;
use super::context::RequestContext;
use super::error::{ApiError, ApiResult};
use super::shares::Share;

/// Reads a whole body of at most `limit` bytes. The request holds no place meanwhile.
///
/// # Errors
/// 413 when it is larger, 400 `INCOMPLETE_BODY` when the client stops half way, 408 `BODY_TOO_SLOW` when it takes too
/// long, 503 when too many bodies are on their way.
pub async fn read_body(body: Body, limit: usize) -> ApiResult<Bytes> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match RequestContext::current() {
        Some(context) => {
            let memory = context.body_memory()?;
            let arrival = in_time(context.bounds().body_time, collect(body, limit, Some(memory)));
            context.aside(arrival).await
        }
        None => in_time(Bounds::default().body_time, collect(body, limit, None)).await,
    }
}

async fn in_time<T>(time: Duration, wait: impl Future<Output = ApiResult<T>>) -> ApiResult<T> {
    tokio::time::timeout(time, wait).await.unwrap_or_else(|_| Err(too_slow()))
}

/// Copies what arrives: a piece of a slow body would otherwise keep the whole buffer it came in.
async fn collect(body: Body, limit: usize, mut memory: Option<Share>) -> ApiResult<Bytes> {
    let mut body = Limited::new(body, limit);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| cut_off(error, limit))?;
        let Some(piece) = frame.data_ref() else { continue };
        make_room(&mut whole, piece.len(), limit, memory.as_mut())?;
        whole.extend_from_slice(piece);
    }
    Ok(whole.into())
}

/// Room for `more` bytes of at most `limit`. What is held is what is reserved, half of which may be empty.
fn make_room(whole: &mut Vec<u8>, more: usize, limit: usize, memory: Option<&mut Share>) -> ApiResult<()> {
    let (needed, reserved) = (whole.len().saturating_add(more), whole.capacity());
    if needed <= reserved {
        return Ok(());
    }
    let wanted = needed.max(reserved.saturating_mul(2).min(limit));
    if let Some(memory) = memory {
        memory.grow(wanted - reserved).map_err(|_| ApiError::unavailable())?;
    }
    whole.reserve_exact(wanted - whole.len());
    Ok(())
}

fn cut_off(error: Box<dyn std::error::Error + Send + Sync>, limit: usize) -> ApiError {
    if error.is::<LengthLimitError>() {
        return too_large(limit);
    }
    ApiError::bad_request("INCOMPLETE_BODY", "La requête n'a pas été reçue en entier.")
        .caused_by(anyhow::Error::from_boxed(error))
}

/// 413 for a body of more than `limit` bytes.
pub(super) fn too_large(limit: usize) -> ApiError {
    let mebibytes = limit.div_ceil(1 << 20);
    ApiError::payload_too_large(format!("La requête est trop volumineuse (maximum {mebibytes} Mo)."))
}

fn too_slow() -> ApiError {
    let message =
        "La requête a mis trop de temps à arriver. Merci de vérifier votre connexion et de réessayer.";
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", message)
}
