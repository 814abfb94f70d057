//! Answers of public lists: a strong ETag, one minute of shared cache, 304 when nothing changed.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use moka::future::Cache;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::{ApiError, ApiResult};

/// How long an answer is given without asking the database again.
const SHELF_LIFE: Duration = Duration::from_secs(15);

/// Public answers by name, each written by one caller at a time and kept for a few seconds. Cheap to clone.
#[derive(Clone)]
pub struct Shelf<K>(Cache<K, Published>);

impl<K: Hash + Eq + Send + Sync + 'static> Shelf<K> {
    /// A shelf for so many answers.
    pub fn new(capacity: u64) -> Self {
        Self(Cache::builder().max_capacity(capacity).time_to_live(SHELF_LIFE).build())
    }

    /// The answer of this name, written by `load` unless it is there.
    ///
    /// # Errors
    /// What `load` met; the next caller tries again.
    pub async fn get(
        &self,
        name: K,
        load: impl Future<Output = ApiResult<Published>>,
    ) -> ApiResult<Published> {
        self.0.try_get_with(name, load).await.map_err(shared)
    }

    /// Forgets everything: call it after changing what is answered.
    pub fn forget(&self) {
        self.0.invalidate_all();
    }
}

/// The error of an answer several callers waited for.
fn shared(error: Arc<ApiError>) -> ApiError {
    match Arc::try_unwrap(error) {
        Ok(error) => error,
        Err(error) if error.status() == StatusCode::NOT_FOUND => {
            ApiError::not_found(error.message().to_owned())
        }
        Err(error) => ApiError::unavailable().caused_by(anyhow::anyhow!("{error:?}")),
    }
}

/// Left on the answer of a public list.
#[derive(Debug, Clone, Copy)]
pub struct Cached;

/// A public JSON answer that clients and proxies may keep for a minute, written and digested once.
#[derive(Clone, Debug)]
pub struct Published {
    body: Bytes,
    tag: Arc<str>,
}

impl Published {
    /// Writes `value`.
    ///
    /// # Errors
    /// 500 when it cannot be written as JSON.
    pub fn json<T: Serialize>(value: &T) -> ApiResult<Self> {
        let body = Bytes::from(serde_json::to_vec(value).map_err(ApiError::internal)?);
        let tag = strong_tag(&body).into();
        Ok(Self { body, tag })
    }

    /// Answers a request with these headers: a matching `If-None-Match` gets 304 without a body.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let shared = [(CACHE_CONTROL, "public, max-age=60"), (ETAG, &*self.tag)];
        if matches(headers, &self.tag) {
            return (StatusCode::NOT_MODIFIED, Extension(Cached), shared).into_response();
        }
        (Extension(Cached), shared, [(CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
    }
}

/// The strong ETag of some content (RFC 9110, section 8.8.3): its digest.
pub(super) fn strong_tag(content: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Sha256::digest(content)))
}

/// Whether the client has the content with this tag already: weak comparison of RFC 9110, section 13.1.2; the tag of
/// the gzip form stands for the same content.
pub(super) fn matches(headers: &HeaderMap, tag: &str) -> bool {
    let plain = |candidate: &str| {
        let candidate = candidate.trim();
        candidate.strip_prefix("W/").unwrap_or(candidate).replace("-gzip\"", "\"")
    };
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|candidate| candidate.trim() == "*" || plain(candidate) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(if_none_match: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(value) = if_none_match {
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
        }
        Published::json(&serde_json::json!({"data": []})).unwrap().answer(&headers)
    }

    #[test]
    fn a_known_tag_is_answered_304_in_every_spelling() {
        let tag = ask(None).headers()[ETAG].to_str().unwrap().to_owned();
        let gzip = format!("{}-gzip\"", tag.trim_end_matches('"'));
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into(), gzip] {
            let answer = ask(Some(&known));
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(answer.headers()[ETAG], tag.as_str());
        }
        assert_eq!(ask(Some("\"x\"")).status(), StatusCode::OK);
    }
}
