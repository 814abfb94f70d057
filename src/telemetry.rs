//! What the process tells about itself: logs and metrics, put in place.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

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
