//! The listener, the background tasks and the two-stage shutdown.

mod linger;
mod unreadable;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{anyhow, bail};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use futures_util::TryFutureExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt};
use tower_http::timeout::TimeoutBody;

use linger::Lingering;
use unreadable::{Answer, Turn, Watched};

pub use unreadable::Unreadable;

/// Pause after a failed `accept`, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of the listener.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Connections open at the same time; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Longest time a client may take to send a request's head, counted from the end of the one before: also the
    /// life of an idle connection.
    pub header_timeout: Duration,
    /// Longest silence of a client in the middle of a body it sends.
    pub body_stall: Duration,
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
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            body_stall: Duration::from_secs(30),
            read_buffer: 64 * 1024,
            keepalive: Duration::from_secs(60),
            drain: Duration::from_secs(25),
        }
    }
}

/// The end of the program, in two stages, and the tasks that must see it. Clones share it.
///
/// The first stage stops accepting work and lets the running work finish; the second gives it up at once.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<Stages>);

#[derive(Debug, Default)]
struct Stages {
    stop: CancellationToken,
    abort: CancellationToken,
    tasks: TaskTracker,
    failure: OnceLock<String>,
}

impl Shutdown {
    /// A program that is not ending.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token that is cancelled when the program should end: streams and background tasks watch it.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stop.clone()
    }

    /// Whether the program is ending.
    pub fn is_stopping(&self) -> bool {
        self.0.stop.is_cancelled()
    }

    /// First stage: accept nothing new, finish what runs.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Second stage: give up what still runs.
    pub fn abort(&self) {
        self.0.stop.cancel();
        self.0.abort.cancel();
    }

    /// Ends the program because `reason`; the process then exits with an error.
    pub fn fail(&self, reason: impl Into<String>) {
        let reason = reason.into();
        tracing::error!(reason, "ending because of a failure");
        let _ = self.0.failure.set(reason);
        self.stop();
    }

    /// Runs a background task until the program ends. One that ends earlier, fails or panics ends the program.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let shutdown = self.clone();
        self.0.tasks.spawn(async move {
            let abort = shutdown.0.abort.clone();
            let outcome = tokio::select! {
                outcome = tokio::spawn(task) => outcome,
                () = abort.cancelled() => return,
            };
            match outcome {
                Ok(Ok(())) if shutdown.is_stopping() => {}
                Ok(Ok(())) => shutdown.fail(format!("task {name} ended early")),
                Ok(Err(error)) => shutdown.fail(format!("task {name} failed: {error:#}")),
                Err(error) => shutdown.fail(format!("task {name} crashed: {error}")),
            }
        });
    }

    /// Starts the shutdown on SIGTERM or SIGINT, and gives up at once on the second of them.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn on_signals(&self) -> anyhow::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            either(&mut term, &mut int).await;
            tracing::info!("shutting down: finishing the running requests");
            shutdown.stop();
            either(&mut term, &mut int).await;
            tracing::warn!("second signal: giving up what still runs");
            shutdown.abort();
        });
        Ok(())
    }

    fn result(&self) -> anyhow::Result<()> {
        self.0.failure.get().map_or(Ok(()), |reason| Err(anyhow!("{reason}")))
    }
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

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
    let open = Connections::new(&settings, service);
    tokio::select! {
        () = open.accept(&listener, &settings) => {}
        () = shutdown.0.stop.cancelled() => {}
    }
    drop(listener);
    let deadline = Instant::now() + settings.drain;
    let drained = tokio::select! {
        done = tokio::time::timeout_at(deadline, finish(open.graceful, &shutdown)) => done.is_ok(),
        () = shutdown.0.abort.cancelled() => false,
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
    shutdown.0.tasks.close();
    shutdown.0.tasks.wait().await;
}

/// The open connections and the one service they share.
struct Connections<S> {
    service: S,
    http: http1::Builder,
    graceful: GracefulShutdown,
    places: Arc<Semaphore>,
    abort: CancellationToken,
}

impl<S> Connections<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    fn new(settings: &ServerSettings, service: S) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(settings.header_timeout)
            .max_buf_size(settings.read_buffer.max(8192));
        Self {
            service,
            http,
            graceful: GracefulShutdown::new(),
            places: Arc::new(Semaphore::new(settings.max_connections)),
            abort: CancellationToken::new(),
        }
    }

    /// Accepts for ever. A place is taken before the connection, so that the kernel keeps those in excess.
    async fn accept(&self, listener: &TcpListener, settings: &ServerSettings) {
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, peer)) => self.start(stream, peer, place, settings),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn start(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: OwnedSemaphorePermit,
        settings: &ServerSettings,
    ) {
        tune(&stream, settings);
        let service = self.service.clone();
        let stall = settings.body_stall;
        let turn = Turn::default();
        let (stream, refused) = Watched::new(stream, turn.clone());
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            turn.begin();
            let turn = turn.clone();
            let (head, body) = request.into_parts();
            let body = match body.is_end_stream() {
                true => Body::empty(),
                false => Body::new(TimeoutBody::new(stall, Lingering::new(body, &head.headers))),
            };
            let mut request = Request::from_parts(head, body);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answered = service.clone().oneshot(request);
            answered.map_ok(|response| response.map(|body| Answer::new(body, turn)))
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), answer);
        let connection = self.graceful.watch(connection);
        let (abort, service) = (self.abort.clone(), self.service.clone());
        tokio::spawn(async move {
            let exchange = async {
                // A connection that breaks concerns its client alone; its requests have their own log lines.
                let _ = connection.await;
                refused.answer(service, peer).await;
            };
            tokio::select! {
                () = exchange => {}
                () = abort.cancelled() => {}
            }
            drop(place);
        });
    }
}

/// Answers leave without waiting for more data, and peers that vanished are noticed.
fn tune(stream: &TcpStream, settings: &ServerSettings) {
    let keepalive = TcpKeepalive::new().with_time(settings.keepalive);
    let tuned = stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = tuned {
        tracing::debug!(%error, "cannot tune a socket");
    }
}
