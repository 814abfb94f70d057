//! What the server tells about itself: how logs are written and metrics are kept. What each request leaves in both is
//! written by [`crate::http`].

use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::http::context::RequestContext;
use crate::http::observe::REQUEST_LINE;

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

/// What is never logged, whatever the directives: the template engine writes the values it fills in, which are names,
/// addresses and secret links.
const SILENCED: &str = "handlebars";

/// Starts logging to standard error. `directives` is an env-filter, such as `info,staka=debug`.
///
/// # Errors
/// When the directives cannot be read, or logging was started before.
pub fn init(format: LogFormat, directives: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(directives)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let discreet = filter_fn(|metadata| !metadata.target().starts_with(SILENCED));
    let registry = tracing_subscriber::registry().with(filter).with(discreet);
    let started = match format {
        LogFormat::Json => {
            registry.with(lines.json().flatten_event(true).map_event_format(OfRequest)).try_init()
        }
        LogFormat::Human => {
            let lines = lines.with_ansi(std::io::stderr().is_terminal());
            registry.with(lines.map_event_format(OfRequest)).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Ends each line that is written while a request is served with the id of that request.
///
/// A span around every request would do the same, at the cost of one even where nothing is written.
struct OfRequest<F>(F);

impl<S, N, F> FormatEvent<S, N> for OfRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let id = match event.metadata().target() {
            // It names itself.
            REQUEST_LINE => String::new(),
            _ => RequestContext::current_id(),
        };
        if id.is_empty() {
            return self.0.format_event(ctx, out, event);
        }
        let mut line = String::new();
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        match line.strip_suffix("}\n") {
            Some(object) => writeln!(out, "{object},\"request\":\"{id}\"}}"),
            None => writeln!(out, "{} request={id}", line.trim_end()),
        }
    }
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
