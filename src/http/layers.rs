//! Everything between the socket and the routes, in order: one service, whose steps are the functions of [`Stack`] from
//! top to bottom. Each step is a plain `async fn` that calls the next, so a request is one future in one allocation.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, ORIGIN};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower::Service;
use tower::util::MapRequestLayer;

use super::bounds::Bounds;
use super::context::{Edge, RequestContext, Route};
use super::cors::Cors;
use super::error::ApiError;
use super::limits::layer::GeneralLimit;
use super::observe::Observer;
use super::paths::is_under;
use super::places::Places;
use super::spa::Spa;
use super::{compress, headers, paths, request_id};
use crate::server::{LastPlaces, Unreadable};

/// What the layers need to know.
#[derive(Clone)]
pub struct LayerSettings {
    /// Naming of requests and trust in proxies.
    pub edge: Edge,
    /// Sites whose pages may call the API.
    pub cors_origins: Vec<HeaderValue>,
    /// Longest time a request may take; see [`super::LongRunning`] for those that may take longer.
    pub timeout: Duration,
    /// What clients may hold; a request past it is answered 503.
    pub bounds: Bounds,
    /// The limit on everything.
    pub general_limit: GeneralLimit,
    /// The built single-page app, when this program serves it too.
    pub spa_dir: Option<PathBuf>,
}

/// Wraps the routes in the layers.
pub fn apply(router: Router, settings: &LayerSettings) -> App {
    let routes = router
        .fallback(async || ApiError::not_found("Cette adresse n'existe pas."))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(MapRequestLayer::new(remember_route));
    App(Arc::new(Stack {
        edge: settings.edge.clone(),
        observer: Arc::new(Observer::new()),
        cors: Cors::new(&settings.cors_origins),
        timeout: settings.timeout,
        places: Arc::new(Places::new(settings.bounds.clone())),
        spa: settings.spa_dir.clone().map(Spa::new),
        general_limit: settings.general_limit.clone(),
        routes,
    }))
}

/// The whole application as one service, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Stack>);

impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let stack = Arc::clone(&self.0);
        Box::pin(async move { Ok(stack.serve(request).await) })
    }
}

struct Stack {
    edge: Edge,
    observer: Arc<Observer>,
    cors: Cors,
    timeout: Duration,
    places: Arc<Places>,
    spa: Option<Spa>,
    general_limit: GeneralLimit,
    routes: Router,
}

impl Stack {
    /// Before routing: every spelling of a path becomes the one the routes know. And first of all who asks and under
    /// which id, since every later line and error names them.
    async fn serve(&self, request: Request) -> Response {
        let mut request = paths::route_by_path(request, self.spa.is_some());
        let context = self.edge.context(&request, &self.places);
        request.extensions_mut().insert(Arc::clone(&context));
        Arc::clone(&context).scope(self.observe(request, context)).await
    }

    /// Outside of whatever may answer in a handler's place, so that each answer is counted and logged once; and errors
    /// need the headers as much as successes do.
    async fn observe(&self, request: Request, context: Arc<RequestContext>) -> Response {
        let observed = self.observer.start(request.method(), Arc::clone(&context));
        // The answer to a session, or to what somebody sent: a login's has a token in it.
        let personal = request.headers().contains_key(AUTHORIZATION) || !request.method().is_safe();
        let mut response = self.share(request).await;
        headers::finish(response.headers_mut(), personal);
        request_id::echo(response.headers_mut(), &context.request_id);
        observed.end(response.status(), response.extensions().get());
        response
    }

    /// Preflights are answered here: they carry no session and cost nothing.
    async fn share(&self, request: Request) -> Response {
        if Cors::is_preflight(&request) {
            return self.cors.preflight(request.into_parts().0.headers).await;
        }
        let origin = request.headers().get(ORIGIN).cloned();
        self.cors.allow(origin, self.survive(request).await).await
    }

    /// A defect in one request costs that request and no other.
    async fn survive(&self, request: Request) -> Response {
        AssertUnwindSafe(self.limit_time(request)).catch_unwind().await.unwrap_or_else(panicked)
    }

    /// No client waits for ever, and no stuck query keeps its connection.
    async fn limit_time(&self, request: Request) -> Response {
        let context = request.extensions().get::<Arc<RequestContext>>().cloned();
        let mut response = pin!(self.shed_load(request));
        match tokio::time::timeout(self.timeout, &mut response).await {
            Ok(response) => response,
            // Whether a handler may take its time is known only once it has started.
            Err(_) if context.is_some_and(|context| context.is_long_running()) => response.await,
            Err(_) => timed_out().into_response(),
        }
    }

    /// Past what the machine can serve, a quick refusal is better than a long queue.
    async fn shed_load(&self, request: Request) -> Response {
        let path = request.uri().path();
        // A full server is still alive, and must be able to say so.
        let is_probe = is_under(path, "/health") || path == "/metrics";
        let is_last = request.extensions().get::<LastPlaces>().is_some();
        let context = request.extensions().get::<Arc<RequestContext>>().cloned();
        let admitted = context.filter(|_| is_probe || !is_last).and_then(|context| context.admit(is_probe));
        match admitted {
            Some(_place) => self.compress(request).await,
            None => ApiError::unavailable().into_response(),
        }
    }

    /// Lists and scripts shrink to a fifth.
    async fn compress(&self, request: Request) -> Response {
        let accepted = request.headers().get(ACCEPT_ENCODING).cloned();
        compress::shrink(self.divert(request).await, accepted).await
    }

    /// Files of the single-page app are no API calls: they are served before anything is counted.
    async fn divert(&self, request: Request) -> Response {
        if let Some(refusal) = refusal(&request) {
            return refusal.into_response();
        }
        match &self.spa {
            Some(spa) if Spa::wants(&request) => spa.answer(request).await,
            // Innermost, so that what is refused above costs nobody their budget.
            _ => self.general_limit.enforce(request, |request| self.route(request)).await,
        }
    }

    async fn route(&self, request: Request) -> Response {
        match self.routes.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// What is wrong with a request whatever it asks for.
fn refusal(request: &Request) -> Option<ApiError> {
    if let Some(Unreadable(status)) = request.extensions().get() {
        return Some(unreadable(*status));
    }
    // Nobody can say which of two sessions counts.
    let several = request.headers().get_all(AUTHORIZATION).iter().nth(1).is_some();
    several.then(|| {
        ApiError::bad_request("AMBIGUOUS_TOKEN", "La requête porte plusieurs en-têtes Authorization.")
    })
}

fn unreadable(status: StatusCode) -> ApiError {
    match status {
        StatusCode::URI_TOO_LONG => ApiError::new(status, "URI_TOO_LONG", "Cette adresse est trop longue."),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ApiError::new(status, "HEADERS_TOO_LARGE", "Les en-têtes de la requête sont trop volumineux.")
        }
        _ => ApiError::bad_request("MALFORMED_REQUEST", "La requête n'est pas une requête HTTP bien formée."),
    }
}

/// A known path with another verb. `OPTIONS` asks which ones there are: the router adds them as `Allow`.
async fn method_not_allowed(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let message = "Cette méthode n'est pas acceptée à cette adresse.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message).into_response()
}

fn remember_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(route), Some(context)) =
        (extensions.get::<MatchedPath>(), extensions.get::<Arc<RequestContext>>())
    {
        context.set_route(Route::Matched(route.clone()));
    }
    request
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ApiError::internal(anyhow::anyhow!("panic: {text}")).into_response()
}

fn timed_out() -> ApiError {
    let message = "La requête a pris trop de temps. Merci de réessayer.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message).retry_after(5)
}
