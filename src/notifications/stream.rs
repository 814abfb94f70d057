//! Notifications as they happen, for clients that outgrow polling: Server-Sent Events.
//!
//! `event: unread-count` carries `{"count": n}`, at the start and at every change; `event: notification` carries a
//! notification as the list does. A client that was away comes back with the `id` of the last event it received
//! (`Last-Event-ID`) and is told what it missed; `event: resync` tells it to read the list, which has everything.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::{Stream, stream::unfold};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{feed::Feed, streams::OpenStream};
use crate::{
    app::AppState,
    auth::{Session, SessionUser, session_stands},
    http::{ApiError, ApiResult, ErrorBody, LongRunning},
    server::Endless,
};

/// How long one stream lasts: its token does not last for ever, and is looked at when the client comes back.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// When a stream whose place was taken by a newer one of the same user may come back.
const REPLACED_RETRY: Duration = Duration::from_secs(5 * 60);

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// An open stream and its reader.
struct Watch {
    state: AppState,
    user: Arc<SessionUser>,
    open: OpenStream,
    feed: Feed,
    /// When the client must come back, and prove its session again.
    until: Instant,
    heartbeat: Instant,
    /// Nothing follows what is queued.
    is_over: bool,
    /// The end of the program, which waits for no open stream.
    stopping: CancellationToken,
}

/// Why a waiting stream goes on.
enum Wake {
    News,
    Heartbeat,
    End,
}

/// Unread count and new notifications of the caller, as they happen. At most 5 streams of one user are open: the oldest
/// one ends when another is opened.
///
/// A client that comes back sends the `id` of the last event it received as `Last-Event-ID` and is told what followed; after
/// more than 100 notifications, or with an id that is none of ours, `resync` tells it to read the list instead.
#[utoipa::path(get, path = "/notifications/stream", tag = "Notifications", security(("bearer" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event received", max_length = 60)),
    responses((status = 200, description = "Server-Sent Events: `unread-count`, `notification`, `resync`", content_type = "text/event-stream"),
              (status = 401, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn stream(
    _long: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let last_event_id = headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default());
    let events = Watch::open(state, user, last_event_id).await?.events();
    // Proxies of nginx's kind would wait until there is enough to send.
    Ok((Extension(Endless), [("x-accel-buffering", "no")], Sse::new(events)).into_response())
}

impl Watch {
    async fn open(state: AppState, user: Arc<SessionUser>, last_event_id: Option<&str>) -> ApiResult<Self> {
        // Listening starts before the first look: nothing falls in between.
        let open = state.streams.open(user.id).ok_or_else(ApiError::unavailable)?;
        let now = Instant::now();
        Ok(Self {
            feed: Feed::open(&state, user.id, last_event_id.filter(|id| !id.is_empty())).await?,
            user,
            open,
            until: now + LIFETIME,
            heartbeat: now + state.config.bounds.stream_heartbeat,
            is_over: false,
            stopping: state.shutdown.stopping(),
            state,
        })
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, |mut watch| async move { watch.next().await.map(|event| (Ok(event), watch)) })
    }

    /// The next event; `None` ends the stream, and the client comes back by itself.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.feed.next() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            match self.wait().await {
                // Its client is told why when it comes back.
                Wake::News if self.open.is_ended() => return None,
                Wake::News if self.open.is_replaced() => {
                    self.is_over = true;
                    self.feed.push(Event::default().retry(REPLACED_RETRY));
                }
                // Rare, and large: in a box it does not weigh on every stream that waits.
                Wake::News => Box::pin(self.feed.look(&self.state)).await.ok()?,
                Wake::Heartbeat => Box::pin(self.check()).await?,
                Wake::End => return None,
            }
        }
    }

    async fn wait(&self) -> Wake {
        if self.feed.has_more() {
            return Wake::News;
        }
        tokio::select! {
            () = self.open.woken() => Wake::News,
            () = sleep_until(self.heartbeat) => Wake::Heartbeat,
            () = sleep_until(self.until) => Wake::End,
            () = self.stopping.cancelled() => Wake::End,
        }
    }

    /// Shows that the stream is there. What another server wrote is found here, and a session that was ended.
    async fn check(&mut self) -> Option<()> {
        self.heartbeat = Instant::now() + self.state.config.bounds.stream_heartbeat;
        // While the database cannot tell, the stream stays: a client that came back would only be refused.
        if session_stands(&self.state, &self.user).await.is_ok_and(|stands| !stands) {
            return None;
        }
        if let Err(error) = self.feed.look(&self.state).await {
            tracing::debug!(%error, "a stream could not look at the tables");
        }
        self.feed.push(Event::default().comment(""));
        Some(())
    }
}
