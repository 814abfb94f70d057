//! What is known of the request being served, reachable from anywhere inside it.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use uuid::Uuid;

use super::client_ip::TrustedProxies;
use super::error::{ApiError, ApiResult};
use super::places::{Places, Seat};
use super::request_id;

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// Facts about one request: who sent it, how it is named, and what is learned of it on the way.
///
/// It travels both as a request extension and as a task-local value, so that an error can carry the
/// request id without every function passing it along.
#[derive(Debug)]
pub struct RequestContext {
    /// The request id echoed in `X-Request-Id`, in error bodies and in the log.
    pub request_id: String,
    /// The client's address, see [`crate::http::client_ip`].
    pub client_ip: IpAddr,
    /// When the request's head had been read.
    pub started: Instant,
    /// What the client says it is.
    user_agent: Option<HeaderValue>,
    route: OnceLock<Route>,
    user: OnceLock<Uuid>,
    long_running: AtomicBool,
    own_budget: AtomicBool,
    pub(super) places: Arc<Places>,
    pub(super) seat: Seat,
}

/// The route pattern that matched a request, such as `/commandes/{id}`; never its path, which names people and things.
#[derive(Debug, Clone)]
pub enum Route {
    /// Of the router.
    Matched(MatchedPath),
    /// Outside of the router.
    Named(&'static str),
}

impl Route {
    /// No route matched.
    const UNMATCHED: Self = Self::Named("unmatched");
}

impl Deref for Route {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Matched(path) => path.as_str(),
            Self::Named(name) => name,
        }
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        str::hash(self, state);
    }
}

impl RequestContext {
    /// The context of the request this task is serving; `None` outside of a request.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// The id of the request this task is serving, empty outside of a request.
    pub fn current_id() -> String {
        CURRENT.try_with(|context| context.request_id.clone()).unwrap_or_default()
    }

    /// The address of the client this task is serving; the unspecified address outside of a request.
    pub fn current_ip() -> IpAddr {
        CURRENT.try_with(|context| context.client_ip).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// Runs `future` with this context as the current one.
    pub fn scope<F: Future>(self: Arc<Self>, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// Runs `work` to its end within the context of this request, even when the client leaves.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn see_through<T: Send + 'static>(
        work: impl Future<Output = ApiResult<T>> + Send + 'static,
    ) -> ApiResult<T> {
        let task = match Self::current() {
            Some(context) => tokio::spawn(context.scope(work)),
            None => tokio::spawn(work),
        };
        task.await.map_err(ApiError::internal)?
    }

    /// Remembers the route pattern that matched. The first call wins.
    pub fn set_route(&self, route: Route) {
        let _ = self.route.set(route);
    }

    /// The route pattern that matched, `unmatched` when none did.
    pub fn route(&self) -> Route {
        self.route.get().cloned().unwrap_or(Route::UNMATCHED)
    }

    /// Remembers whose session the request carries, for the log. The first call wins.
    pub fn set_user(&self, user: Uuid) {
        let _ = self.user.set(user);
    }

    /// Whose session the request carries, once known.
    pub fn user(&self) -> Option<Uuid> {
        self.user.get().copied()
    }

    /// The program the client says it is.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_ref()?.to_str().ok()
    }

    /// Notes whether the request was counted against a budget narrower than the general one.
    pub(super) fn set_own_budget(&self, spent: bool) {
        self.own_budget.store(spent, Ordering::Relaxed);
    }

    /// Whether it was.
    pub(super) fn has_own_budget(&self) -> bool {
        self.own_budget.load(Ordering::Relaxed)
    }

    /// Lifts the time limit of this request.
    pub fn lift_timeout(&self) {
        self.long_running.store(true, Ordering::Relaxed);
    }

    /// Whether the time limit was lifted.
    pub fn is_long_running(&self) -> bool {
        self.long_running.load(Ordering::Relaxed)
    }
}

/// How requests are named and whose word is taken for their origin.
#[derive(Clone)]
pub struct Edge {
    /// The proxies in front of us.
    pub proxies: TrustedProxies,
    /// Makes the id of a request that no proxy named.
    pub new_request_id: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Edge {
    /// What is known, from its head, of a request that starts now.
    pub(super) fn context(&self, request: &Request, places: &Arc<Places>) -> Arc<RequestContext> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        let headers = request.headers();
        let named = request_id::incoming(headers).filter(|_| self.proxies.contains(peer));
        Arc::new(RequestContext {
            request_id: named.map_or_else(|| (self.new_request_id)(), str::to_owned),
            client_ip: self.proxies.client_ip(peer, headers),
            started: Instant::now(),
            user_agent: headers.get(USER_AGENT).cloned(),
            route: OnceLock::new(),
            user: OnceLock::new(),
            long_running: AtomicBool::new(false),
            own_budget: AtomicBool::new(false),
            places: Arc::clone(places),
            seat: Seat::default(),
        })
    }
}
