//! The limit on everything, per user or per address, and its `RateLimit-*` headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::{Budget, LimitKey, Quota, RateLimits};
use crate::http::context::RequestContext;
use crate::http::error::ApiError;
use crate::http::paths::is_under;

/// Tells whose valid session the headers carry, cheaply: the signature alone is checked.
pub type Identify = Arc<dyn Fn(&HeaderMap) -> Option<Uuid> + Send + Sync>;

/// Paths that are never limited, whatever stands below them.
const EXEMPT: [&str; 7] =
    ["/payments/webhook", "/health", "/public/health", "/metrics", "/dev", "/docs", "/openapi.json"];

/// What the layer needs.
#[derive(Clone)]
pub struct GeneralLimit {
    /// The counters.
    pub limits: RateLimits,
    /// Whose session a request carries.
    pub identify: Identify,
}

/// Counts the request against its user, or its address without a session, and refuses it with 429 past the limit.
pub async fn enforce(State(general): State<GeneralLimit>, request: Request, next: Next) -> Response {
    if !general.limits.enabled() || is_exempt(&request) {
        return next.run(request).await;
    }
    let (budget, key) = general.account_of(&request);
    match general.limits.check(budget, &key) {
        Ok(quota) => {
            let mut response = next.run(request).await;
            announce(response.headers_mut(), quota);
            response
        }
        Err(limited) => {
            let mut response = ApiError::from(limited).into_response();
            announce(
                response.headers_mut(),
                Quota { limit: limited.limit, remaining: 0, reset: limited.retry_after },
            );
            response
        }
    }
}

impl GeneralLimit {
    fn account_of(&self, request: &Request) -> (Budget, LimitKey) {
        let context = request.extensions().get::<Arc<RequestContext>>();
        if let Some(user) = (self.identify)(request.headers()) {
            if let Some(context) = context {
                context.set_user(user);
            }
            return (Budget::User, LimitKey::user(user));
        }
        let ip = context.map_or_else(RequestContext::current_ip, |context| context.client_ip);
        (Budget::Anonymous, LimitKey::ip(ip))
    }
}

fn is_exempt(request: &Request) -> bool {
    let path = request.uri().path();
    let own_session = request.method() == Method::GET && path == "/auth/me";
    own_session || EXEMPT.iter().any(|root| is_under(path, root))
}

/// A handler that counts against a narrower budget announces that one instead.
fn announce(headers: &mut HeaderMap, quota: Quota) {
    let values = [
        ("ratelimit-limit", u64::from(quota.limit)),
        ("ratelimit-remaining", u64::from(quota.remaining)),
        ("ratelimit-reset", quota.reset),
    ];
    for (name, value) in values {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from(value));
    }
}
