//! What the server tells about itself: logs, the one line per request, metrics.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::http::context::RequestContext;
use crate::http::error::ErrorTrace;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Text, for a person in front of a terminal.
    Human,
}

/// Upper bounds of the duration histogram, in seconds.
const DURATION_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// How often the metrics library folds its samples, as its documentation asks.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Starts logging to standard error. `directives` is an env-filter, such as `info,staka=debug`.
///
/// # Errors
/// When the directives cannot be read, or logging was started before.
pub fn init(format: LogFormat, directives: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(directives)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Human => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Says where a panic happened; its text is told by whoever catches it.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(tracing::field::display);
    tracing::error!(location, "panic");
}

/// The process's metrics, installed on first use.
///
/// # Errors
/// When another recorder was installed, or the histogram bounds are refused.
pub fn prometheus() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| install_recorder().map_err(|error| format!("{error:#}")));
    handle.clone().map_err(anyhow::Error::msg)
}

fn install_recorder() -> anyhow::Result<PrometheusHandle> {
    let durations = Matcher::Full("http_request_duration_seconds".to_owned());
    let recorder =
        PrometheusBuilder::new().set_buckets_for_metric(durations, &DURATION_BUCKETS)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    Ok(handle)
}

/// Keeps the memory of the metrics bounded. A background task; ends when `stop` is cancelled.
pub async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = ticks.tick() => handle.run_upkeep(),
        }
    }
}

/// The status recorded for a request whose client went away before the answer (nginx's convention).
const CLIENT_GONE: u16 = 499;

/// Counts and logs each request exactly once: when its response is ready, or when its client goes away.
pub async fn observe(request: Request, next: Next) -> Response {
    let method = method_label(request.method());
    let context = request.extensions().get::<Arc<RequestContext>>().cloned();
    let observed = Observed::start(method, context);
    let response = next.run(request).await;
    observed.end(response.status(), response.extensions().get());
    response
}

/// A request in flight. Dropped without an end, its client went away.
struct Observed {
    method: &'static str,
    context: Option<Arc<RequestContext>>,
}

impl Observed {
    fn start(method: &'static str, context: Option<Arc<RequestContext>>) -> Self {
        gauge!("http_requests_in_flight").increment(1.0);
        Self { method, context }
    }

    fn end(mut self, status: StatusCode, trace: Option<&ErrorTrace>) {
        self.tell(status, trace);
    }

    fn tell(&mut self, status: StatusCode, trace: Option<&ErrorTrace>) {
        if let Some(context) = self.context.take() {
            record(self.method, &context, status);
            log(self.method, &context, status, trace);
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        gauge!("http_requests_in_flight").decrement(1.0);
        if let Ok(status) = StatusCode::from_u16(CLIENT_GONE) {
            self.tell(status, None);
        }
    }
}

fn record(method: &'static str, context: &RequestContext, status: StatusCode) {
    let route = metrics::SharedString::from_shared(context.route());
    let labels = [
        metrics::Label::from_static_parts("method", method),
        metrics::Label::new("route", route),
        metrics::Label::from_static_parts("status", status_class(status)),
    ];
    histogram!("http_request_duration_seconds", labels.iter()).record(context.started.elapsed());
    counter!("http_requests_total", labels.iter()).increment(1);
}

fn log(method: &'static str, context: &RequestContext, status: StatusCode, trace: Option<&ErrorTrace>) {
    let status = status.as_u16();
    let route = context.route();
    let duration_ms = context.started.elapsed().as_secs_f64() * 1000.0;
    let ip = truncated(context.client_ip);
    let id = context.request_id.as_str();
    let user = context.user().map(tracing::field::display);
    let code = trace.map(|trace| trace.code.as_ref());
    let cause = trace.and_then(|trace| trace.cause.as_deref());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(target: "staka::request", method, route = &*route, status, duration_ms, %ip, id, user, code, cause, "request")
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

/// The network an address belongs to (/24 or /48): enough to see an attack, too little to name a person.
pub fn truncated(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << 8))),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_last_part() {
        let cut = |ip: &str| truncated(ip.parse().unwrap()).to_string();
        assert_eq!(cut("203.0.113.77"), "203.0.113.0");
        assert_eq!(cut("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
        assert_eq!(cut("::ffff:203.0.113.77"), "203.0.113.0");
    }
}
