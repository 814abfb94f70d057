//! The open connections: how many, of whom, and how each one is served.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use futures_util::TryFutureExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};
use tower_http::timeout::TimeoutBody;

use super::endless::Endless;
use super::linger::Lingering;
use super::patient::Patient;
use super::peers::{Peers, Visit};
use super::unreadable::{Answer, Turn, Watched};
use super::{LastPlaces, ServerSettings};

/// Pause after a failed `accept`, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the kernel keeps of an answer beyond what the client is ready to take, in bytes.
const UNSENT: u32 = 64 * 1024;

/// The open connections and the one service they share.
pub(super) struct Connections<S> {
    service: S,
    http: http1::Builder,
    pub(super) graceful: GracefulShutdown,
    places: Arc<Semaphore>,
    last_places: Arc<Semaphore>,
    peers: Peers,
    settings: ServerSettings,
    pub(super) abort: CancellationToken,
}

/// A connection's right to be open.
struct Admission {
    _place: OwnedSemaphorePermit,
    _visit: Visit,
    /// All ordinary places are taken.
    is_last: bool,
}

impl<S> Connections<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    pub(super) fn new(settings: ServerSettings, service: S) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(settings.header_timeout)
            .max_buf_size(settings.read_buffer.max(8192));
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            service,
            http,
            graceful: GracefulShutdown::new(),
            places: places(settings.max_connections),
            last_places: places(settings.last_connections),
            peers: Peers::new(settings.counted.clone(), settings.max_connections_each),
            settings,
            abort: CancellationToken::new(),
        }
    }

    /// Accepts for ever. Who cannot be served is turned away at once: a queue of the kernel's would make everybody wait
    /// behind those who only hold connections.
    pub(super) async fn accept(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    if let Some(admission) = self.admit(peer) {
                        self.start(stream, peer, admission);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, peer: SocketAddr) -> Option<Admission> {
        let visit = self.peers.enter(peer.ip())?;
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(Admission { _place: place, _visit: visit, is_last: false });
        }
        if visit.is_counted() {
            return None;
        }
        let place = Arc::clone(&self.last_places).try_acquire_owned().ok()?;
        Some(Admission { _place: place, _visit: visit, is_last: true })
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr, admission: Admission) {
        tune(&stream, self.settings.keepalive);
        let (service, stall, is_last) = (self.service.clone(), self.settings.body_stall, admission.is_last);
        let turn = Turn::default();
        let stream = Patient::new(stream, self.settings.write_stall);
        let (stream, released) = Watched::new(stream, turn.clone());
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            turn.begin();
            let turn = turn.clone();
            let mut request = received(request, stall);
            request.extensions_mut().insert(ConnectInfo(peer));
            if is_last {
                request.extensions_mut().insert(LastPlaces);
            }
            let is_get = request.method() == Method::GET;
            let answered = service.clone().oneshot(request);
            answered.map_ok(move |response| answer(response, turn, is_get))
        });
        let mut http = self.http.clone();
        let connection = http.keep_alive(!is_last).serve_connection(TokioIo::new(stream), answer);
        let connection = self.graceful.watch(connection);
        // The end of the program waits for what goes on without the library too.
        let going_on = self.graceful.watcher();
        let (abort, service) = (self.abort.clone(), self.service.clone());
        tokio::spawn(async move {
            let exchange = async {
                // A connection that breaks concerns its client alone; its requests have their own log lines. In a box
                // it is gone afterwards.
                let _ = Box::pin(connection).await;
                released.go_on(service, peer).await;
            };
            tokio::select! {
                () = exchange => {}
                () = abort.cancelled() => {}
            }
            drop((admission, going_on));
        });
    }
}

/// An answer as the library sees it; of one without an end, its head.
fn answer(response: Response, turn: Turn, is_get: bool) -> hyper::Response<Answer> {
    if !is_get || response.extensions().get::<Endless>().is_none() {
        return response.map(|body| Answer::new(body, turn));
    }
    let mut response = response;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response.map(|body| Answer::new(turn.never_end(body), turn))
}

fn received(request: hyper::Request<Incoming>, stall: Duration) -> Request {
    let (head, body) = request.into_parts();
    let body = match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(TimeoutBody::new(stall, Lingering::new(body, &head.headers))),
    };
    Request::from_parts(head, body)
}

/// Answers leave without waiting for more data, those nobody takes are not heaped up in the kernel, and peers that
/// vanished are noticed.
fn tune(stream: &TcpStream, keepalive: Duration) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(keepalive);
    let tuned = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| socket.set_tcp_notsent_lowat(UNSENT));
    if let Err(error) = tuned {
        tracing::debug!(%error, "cannot tune a socket");
    }
}
