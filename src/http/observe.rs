//! The one line per request, and its metrics.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use metrics::{counter, gauge, histogram};

use super::{context::RequestContext, error::ErrorTrace};

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
