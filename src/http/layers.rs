//! Everything between the socket and the routes, in order.

use std::any::Any;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method, Response as HttpResponse, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tower::util::{BoxCloneSyncService, MapRequestLayer};
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, Predicate};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::context::{self, Edge, RequestContext};
use super::error::ApiError;
use super::limits::layer::{self as limits_layer, GeneralLimit};
use super::paths::is_under;
use super::request_id::X_REQUEST_ID;
use super::spa::{self, Spa};
use super::{headers, paths};

/// The whole application as one service, cheap to clone.
pub type App = BoxCloneSyncService<Request, Response, Infallible>;

/// What the layers need to know.
#[derive(Clone)]
pub struct LayerSettings {
    /// Naming of requests and trust in proxies.
    pub edge: Edge,
    /// Sites whose pages may call the API.
    pub cors_origins: Vec<HeaderValue>,
    /// Longest time a request may take; see [`super::LongRunning`] for those that may take longer.
    pub timeout: Duration,
    /// Requests served at the same time; one more is answered 503.
    pub max_in_flight: usize,
    /// The limit on everything.
    pub general_limit: GeneralLimit,
    /// The built single-page app, when this program serves it too.
    pub spa_dir: Option<PathBuf>,
}

/// Wraps the routes in the layers, outermost first.
pub fn apply(router: Router, settings: &LayerSettings) -> App {
    let spa = settings.spa_dir.clone().map(Spa::new);
    let with_spa = spa.is_some();
    let routes = router
        .fallback(async || ApiError::not_found("Cette adresse n'existe pas."))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(MapRequestLayer::new(remember_route));
    let stack = ServiceBuilder::new()
        // Before routing: every spelling of a path becomes the one the routes know.
        .map_request(move |request| paths::route_by_path(request, with_spa))
        // First of all who asks and under which id, since every later line and error names them.
        .layer(from_fn_with_state(settings.edge.clone(), context::enter))
        // Outside of whatever may answer in a handler's place, so that each answer is counted and logged once.
        .layer(from_fn(super::observe::observe))
        // Errors need them as much as successes do.
        .layer(from_fn(headers::finish))
        // Preflights are answered here: they carry no session and cost nothing.
        .layer(cors(&settings.cors_origins))
        // A defect in one request costs that request and no other; inside of the headers, so that its answer has them.
        .layer(CatchPanicLayer::custom(panicked))
        // No client waits for ever, and no stuck query keeps its connection.
        .layer(from_fn_with_state(settings.timeout, limit_time))
        // Past what the machine can serve, a quick refusal is better than a long queue.
        .layer(from_fn_with_state(Arc::new(Semaphore::new(settings.max_in_flight)), shed_load))
        // A compressed body is another representation and needs another tag.
        .map_response(headers::tag_encoded)
        // Lists and scripts shrink to a fifth.
        .layer(CompressionLayer::new().compress_when(WorthCompressing))
        // Files of the single-page app are no API calls: they are served before anything is counted.
        .layer(from_fn_with_state(spa, spa::divert))
        // Innermost, so that what is refused above costs nobody their budget.
        .layer(from_fn_with_state(settings.general_limit.clone(), limits_layer::enforce))
        .service(routes);
    BoxCloneSyncService::new(stack.map_response(IntoResponse::into_response))
}

async fn method_not_allowed() -> ApiError {
    let message = "Cette méthode n'est pas acceptée à cette adresse.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
}

fn remember_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(route), Some(context)) =
        (extensions.get::<MatchedPath>(), extensions.get::<Arc<RequestContext>>())
    {
        context.set_route(route.as_str());
    }
    request
}

fn panicked(panic: Box<dyn Any + Send>) -> HttpResponse<Body> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ApiError::internal(anyhow::anyhow!("panic: {text}")).into_response()
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("x-total-count"),
            CONTENT_DISPOSITION,
            RETRY_AFTER,
            X_REQUEST_ID,
        ])
        .max_age(Duration::from_secs(600))
}

async fn limit_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let context = request.extensions().get::<Arc<RequestContext>>().cloned();
    let mut response = std::pin::pin!(next.run(request));
    match tokio::time::timeout(limit, &mut response).await {
        Ok(response) => response,
        // Whether a handler may take its time is known only once it has started.
        Err(_) if context.is_some_and(|context| context.is_long_running()) => response.await,
        Err(_) => timed_out().into_response(),
    }
}

fn timed_out() -> ApiError {
    let message = "La requête a pris trop de temps. Merci de réessayer.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message).retry_after(5)
}

async fn shed_load(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    // A full server is still alive, and must be able to say so.
    let path = request.uri().path();
    if is_under(path, "/health") || path == "/metrics" {
        return next.run(request).await;
    }
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => ApiError::unavailable().into_response(),
    }
}

/// Text of known length from 1 KiB on: not streams, nor what is compressed already.
#[derive(Clone, Copy)]
struct WorthCompressing;

impl Predicate for WorthCompressing {
    fn should_compress<B: HttpBody>(&self, response: &HttpResponse<B>) -> bool {
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        let is_text = essence.starts_with("text/") && essence != "text/event-stream";
        let is_known = matches!(essence, "application/json" | "application/javascript" | "image/svg+xml");
        (is_text || is_known) && response.body().size_hint().exact().is_some_and(|bytes| bytes >= 1024)
    }
}
