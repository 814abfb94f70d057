//! The listener, the background tasks and the two-stage shutdown.

mod connections;
mod descriptors;
mod endless;
mod linger;
mod patient;
mod peers;
mod shutdown;
mod unreadable;

use std::convert::Infallible;
use std::time::Duration;

use anyhow::bail;
use axum::extract::Request;
use axum::response::Response;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower::Service;

use connections::Connections;
pub use endless::Endless;
pub use peers::Counted;
pub use shutdown::Shutdown;
pub use unreadable::Unreadable;

/// Descriptors the program needs beside those of connections: the database, files being read and written, its own.
const OTHER_DESCRIPTORS: usize = 1024;

/// Bounds of the listener.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Connections open at the same time. Past it strangers are turned away.
    pub max_connections: usize,
    /// Connections beside these for peers who are not counted: enough to be told that the server lives.
    pub last_connections: usize,
    /// Connections of one peer.
    pub max_connections_each: usize,
    /// Who counts as one peer.
    pub counted: Counted,
    /// Longest time a client may take to send a request's head, counted from the end of the one before: also the
    /// life of an idle connection.
    pub header_timeout: Duration,
    /// Longest silence of a client in the middle of a body it sends.
    pub body_stall: Duration,
    /// Longest time a client may take nothing of what is sent to it.
    pub write_stall: Duration,
    /// Largest read buffer of a connection, in bytes; also bounds the request's head.
    pub read_buffer: usize,
    /// Idle time before a silent peer is probed.
    pub keepalive: Duration,
    /// Longest time running requests and tasks are given to finish.
    pub drain: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            max_connections: 12_288,
            last_connections: 64,
            max_connections_each: 256,
            counted: Counted::default(),
            header_timeout: Duration::from_secs(10),
            body_stall: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            read_buffer: 16 * 1024,
            keepalive: Duration::from_secs(60),
            drain: Duration::from_secs(25),
        }
    }
}

impl ServerSettings {
    /// Raises the process's limit of open descriptors to what these settings need; where that may not be, fewer
    /// connections are accepted, and the log says so.
    #[must_use]
    pub fn within_descriptors(mut self) -> Self {
        let beside = self.last_connections + OTHER_DESCRIPTORS;
        let allowed = descriptors::raise(self.max_connections + beside);
        let fitting = allowed.saturating_sub(beside).max(allowed / 2);
        if fitting < self.max_connections {
            tracing::warn!(
                allowed,
                wanted = self.max_connections + beside,
                connections = fitting,
                "the limit of open descriptors is too low: fewer connections are accepted (LimitNOFILE, ulimit -n)"
            );
            self.max_connections = fitting;
        }
        self
    }
}

/// Left on a request that came over one of [`ServerSettings::last_connections`]: only health is told there.
#[derive(Debug, Clone, Copy)]
pub struct LastPlaces;

/// Serves `service` until the shutdown's first stage, then finishes what runs within the drain time.
///
/// # Errors
/// When a background task failed, or the work did not end in time or was given up.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    settings: ServerSettings,
    shutdown: Shutdown,
) -> anyhow::Result<()>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let open = Connections::new(settings.clone(), service);
    tokio::select! {
        () = open.accept(&listener) => {}
        () = shutdown.stopped() => {}
    }
    drop(listener);
    let deadline = Instant::now() + settings.drain;
    let drained = tokio::select! {
        done = tokio::time::timeout_at(deadline, finish(open.graceful, &shutdown)) => done.is_ok(),
        () = shutdown.aborted() => false,
    };
    open.abort.cancel();
    shutdown.result()?;
    if !drained {
        bail!("running work was given up");
    }
    Ok(())
}

async fn finish(graceful: GracefulShutdown, shutdown: &Shutdown) {
    graceful.shutdown().await;
    shutdown.tasks_ended().await;
}
