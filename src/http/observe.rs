//! Counts and logs each request exactly once: when its response is ready, or when its client goes away.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, Label, SharedString, counter, gauge, histogram};

use super::client_ip::truncated;
use super::context::{RequestContext, Route};
use super::error::ErrorTrace;

/// The status recorded for a request whose client went away before the answer (nginx's convention).
const CLIENT_GONE: u16 = 499;

/// The target of the one log line of each request.
pub const REQUEST_LINE: &str = "staka::request";

/// The metrics of requests. Their handles are kept: looking one up by its labels costs more than counting.
pub(super) struct Observer {
    in_flight: Gauge,
    series: RwLock<HashMap<Labels, Series>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Labels {
    method: &'static str,
    route: Route,
    status: &'static str,
}

#[derive(Clone)]
struct Series {
    duration: Histogram,
    total: Counter,
}

impl Observer {
    /// Counts for the recorder that is installed now.
    pub(super) fn new() -> Self {
        Self { in_flight: gauge!("http_requests_in_flight"), series: RwLock::default() }
    }

    /// Starts to watch a request. Dropping the result without an end says that the client went away.
    pub(super) fn start(self: &Arc<Self>, method: &Method, context: Arc<RequestContext>) -> Observed {
        self.in_flight.increment(1.0);
        Observed { observer: Arc::clone(self), method: method_label(method), context: Some(context) }
    }

    fn record(&self, method: &'static str, context: &RequestContext, status: StatusCode) {
        let series = self.series(Labels { method, route: context.route(), status: status_class(status) });
        series.duration.record(context.started.elapsed());
        series.total.increment(1);
    }

    fn series(&self, labels: Labels) -> Series {
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner).get(&labels).cloned();
        known.unwrap_or_else(|| {
            let series = Series::of(&labels);
            let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
            all.entry(labels).or_insert(series).clone()
        })
    }
}

impl Series {
    fn of(labels: &Labels) -> Self {
        let labels = [
            Label::from_static_parts("method", labels.method),
            Label::new("route", SharedString::from_owned(labels.route.to_string())),
            Label::from_static_parts("status", labels.status),
        ];
        Self {
            duration: histogram!("http_request_duration_seconds", labels.iter()),
            total: counter!("http_requests_total", labels.iter()),
        }
    }
}

/// A request in flight.
pub(super) struct Observed {
    observer: Arc<Observer>,
    method: &'static str,
    context: Option<Arc<RequestContext>>,
}

impl Observed {
    /// The response is ready.
    pub(super) fn end(mut self, status: StatusCode, trace: Option<&ErrorTrace>) {
        self.tell(status, trace);
    }

    fn tell(&mut self, status: StatusCode, trace: Option<&ErrorTrace>) {
        if let Some(context) = self.context.take() {
            self.observer.record(self.method, &context, status);
            log(self.method, &context, status, trace);
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.in_flight.decrement(1.0);
        if let Ok(status) = StatusCode::from_u16(CLIENT_GONE) {
            self.tell(status, None);
        }
    }
}

fn log(method: &'static str, context: &RequestContext, status: StatusCode, trace: Option<&ErrorTrace>) {
    let status = status.as_u16();
    let route = context.route();
    let duration_ms = context.started.elapsed().as_secs_f64() * 1000.0;
    let ip: IpAddr = truncated(context.client_ip);
    let id = context.request_id.as_str();
    let user = context.user().map(tracing::field::display);
    let code = trace.map(|trace| trace.code.as_ref());
    let cause = trace.and_then(|trace| trace.cause.as_deref());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(target: REQUEST_LINE, method, route = &*route, status, duration_ms, %ip, id, user, code, cause, "request")
        };
    }
    match status {
        500.. => line!(error),
        400..=499 => line!(info),
        _ if is_probe(&route) => line!(debug),
        _ => line!(info),
    }
}

/// Probes come every few seconds for ever; a healthy one says nothing worth a line.
fn is_probe(route: &str) -> bool {
    route.starts_with("/health") || route == "/metrics"
}

/// The method, from a closed set: a client must not be able to invent labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
