//! What is known of the request being served, reachable from anywhere inside it.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::USER_AGENT;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use super::client_ip::TrustedProxies;
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
    route: OnceLock<Arc<str>>,
    user: OnceLock<Uuid>,
    user_agent: OnceLock<String>,
    long_running: AtomicBool,
}

impl RequestContext {
    /// A context for a request that starts now.
    pub fn new(request_id: String, client_ip: IpAddr) -> Arc<Self> {
        Arc::new(Self {
            request_id,
            client_ip,
            started: Instant::now(),
            route: OnceLock::new(),
            user: OnceLock::new(),
            user_agent: OnceLock::new(),
            long_running: AtomicBool::new(false),
        })
    }

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

    /// Remembers the route pattern that matched, such as `/commandes/{id}`. The first call wins.
    pub fn set_route(&self, route: &str) {
        let _ = self.route.set(Arc::from(route));
    }

    /// The route pattern that matched, `unmatched` when none did.
    pub fn route(&self) -> Arc<str> {
        self.route.get().cloned().unwrap_or_else(|| Arc::from("unmatched"))
    }

    /// Remembers whose session the request carries, for the log. The first call wins.
    pub fn set_user(&self, user: Uuid) {
        let _ = self.user.set(user);
    }

    /// Whose session the request carries, once known.
    pub fn user(&self) -> Option<Uuid> {
        self.user.get().copied()
    }

    /// Notes the program the client says it is.
    pub fn set_user_agent(&self, agent: String) {
        let _ = self.user_agent.set(agent);
    }

    /// The program the client says it is.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.get().map(String::as_str)
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
    /// What is known of a request from its head.
    fn context(&self, request: &Request) -> Arc<RequestContext> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        let named = request_id::incoming(request.headers()).filter(|_| self.proxies.contains(peer));
        let request_id = named.map_or_else(|| (self.new_request_id)(), str::to_owned);
        let context = RequestContext::new(request_id, self.proxies.client_ip(peer, request.headers()));
        if let Some(agent) = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()) {
            context.set_user_agent(agent.to_owned());
        }
        context
    }
}

/// Gives the request its context and its trace span, and the response its `X-Request-Id`.
pub async fn enter(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let context = edge.context(&request);
    let span = tracing::info_span!("request", id = context.request_id);
    request.extensions_mut().insert(Arc::clone(&context));
    let served = next.run(request).instrument(span);
    let mut response = Arc::clone(&context).scope(served).await;
    request_id::echo(response.headers_mut(), &context.request_id);
    response
}
