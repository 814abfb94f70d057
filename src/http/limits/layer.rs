//! The limit on everything, per user or per address, and its `RateLimit-*` headers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HeaderName};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::{Budget, LimitKey, Quota, RateLimits};
use crate::http::cache::Cached;
use crate::http::context::RequestContext;
use crate::http::error::ApiError;
use crate::http::paths::is_under;

/// Whose budget a request spends, once it is known.
pub type Identified<'a> = Pin<Box<dyn Future<Output = Option<Uuid>> + Send + 'a>>;

/// Finds whose session a request carries. What it found may stay among the extensions, for the handlers.
pub trait Identify: Send + Sync {
    /// The user behind the headers of a request; none when they carry no valid session.
    fn identify<'a>(&'a self, headers: &'a HeaderMap, extensions: &'a mut Extensions) -> Identified<'a>;
}

/// Paths that are never limited.
const EXEMPT: [&str; 6] =
    ["/payments/webhook", "/health", "/health/live", "/health/ready", "/public/health", "/metrics"];

/// What plays the outside world on a workstation: it is asked by the server itself.
const STAND_INS: &str = "/dev";

/// The limit on everything.
#[derive(Clone)]
pub struct GeneralLimit {
    /// The counters.
    pub limits: RateLimits,
    /// Whose session a request carries.
    pub identify: Arc<dyn Identify>,
    /// Whether [the outside world](crate::dev) is played here.
    pub development: bool,
}

impl GeneralLimit {
    /// Finds who asks, counts the request against that user, or its address without a session, and has `serve` answer
    /// it; past the limit it is refused with 429.
    pub(in crate::http) async fn enforce<F>(
        &self,
        request: Request,
        serve: impl FnOnce(Request) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        if self.is_exempt(request.uri().path()) {
            return serve(request).await;
        }
        let (request, user) = self.identified(request).await;
        if !self.limits.enabled() || is_own_session(&request) {
            return serve(request).await;
        }
        let (budget, key) = account_of(&request, user);
        match self.limits.check(budget, &key) {
            Ok(quota) => {
                let context = request.extensions().get::<Arc<RequestContext>>().cloned();
                let mut response = serve(request).await;
                let quota = match is_free(&response, context.as_deref()) {
                    true => self.returned(budget, &key, quota),
                    false => quota,
                };
                announce(response.headers_mut(), quota);
                response
            }
            Err(limited) => {
                let mut response = ApiError::from(limited).into_response();
                let quota = Quota { limit: limited.limit, remaining: 0, reset: limited.retry_after };
                announce(response.headers_mut(), quota);
                response
            }
        }
    }

    /// Takes a request back that was counted. Counting first, those who do not wait for their answer pay too.
    fn returned(&self, budget: Budget, key: &LimitKey, quota: Quota) -> Quota {
        self.limits.give_back(budget, key);
        Quota { remaining: quota.remaining.saturating_add(1).min(quota.limit), ..quota }
    }

    fn is_exempt(&self, path: &str) -> bool {
        is_exempt(path) || (self.development && is_under(path, STAND_INS))
    }

    async fn identified(&self, request: Request) -> (Request, Option<Uuid>) {
        if !request.headers().contains_key(AUTHORIZATION) {
            return (request, None);
        }
        let (mut parts, body) = request.into_parts();
        let user = self.identify.identify(&parts.headers, &mut parts.extensions).await;
        (Request::from_parts(parts, body), user)
    }
}

fn account_of(request: &Request, user: Option<Uuid>) -> (Budget, LimitKey) {
    if let Some(user) = user {
        return (Budget::User, LimitKey::user(user));
    }
    let context = request.extensions().get::<Arc<RequestContext>>();
    let ip = context.map_or_else(RequestContext::current_ip, |context| context.client_ip);
    (Budget::Anonymous, LimitKey::ip(ip))
}

/// Whether a path costs nobody anything.
pub(in crate::http) fn is_exempt(path: &str) -> bool {
    EXEMPT.contains(&path)
}

/// What others count, or caches answer: many people behind one address must not use up each other's.
fn is_free(response: &Response, context: Option<&RequestContext>) -> bool {
    let is_cached = response.extensions().get::<Cached>().is_some();
    is_cached || context.is_some_and(RequestContext::has_own_budget)
}

/// Asked at every page of the web application, and costs nothing.
fn is_own_session(request: &Request) -> bool {
    request.method() == Method::GET && request.uri().path() == "/auth/me"
}

/// A handler that counts against a narrower budget announces that one instead.
fn announce(headers: &mut HeaderMap, quota: Quota) {
    let values = [
        (HeaderName::from_static("ratelimit-limit"), u64::from(quota.limit)),
        (HeaderName::from_static("ratelimit-remaining"), u64::from(quota.remaining)),
        (HeaderName::from_static("ratelimit-reset"), quota.reset),
    ];
    for (name, value) in values {
        headers.entry(name).or_insert_with(|| HeaderValue::from(value));
    }
}
