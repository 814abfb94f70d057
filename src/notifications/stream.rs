//! Notifications as they happen, for clients that outgrow polling: Server-Sent Events.
//!
//! `event: unread-count` carries `{"count": n}`, at the start and at every change; `event: notification`
//! carries a notification as the list does. Nothing is remembered for a client that was away: on
//! reconnection it reads the list, which has everything.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream::unfold};
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    routes::NotificationRow,
    store::{self, Filter},
    streams::OpenStream,
};
use crate::{
    app::AppState,
    auth::{Session, SessionUser, session_stands},
    http::{ApiError, ApiResult, ErrorBody, LongRunning, Page},
};

/// How long one stream lasts: its token does not last for ever, and is looked at when the client comes back.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// When a stream whose place was taken by a newer one of the same user may come back.
const REPLACED_RETRY: Duration = Duration::from_secs(5 * 60);

/// New notifications told at once; more of them are left to the list.
const BURST: u32 = 20;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream))
}

struct Feed {
    state: AppState,
    user: Arc<SessionUser>,
    open: OpenStream,
    /// Instant and id of the newest notification told so far.
    newest: (DateTime<Utc>, Uuid),
    /// The unread count told last.
    unread: Option<u64>,
    /// When the client must come back, and prove its session again.
    until: Instant,
    heartbeat: Instant,
    queue: VecDeque<Event>,
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
#[utoipa::path(get, path = "/notifications/stream", tag = "Notifications", security(("bearer" = [])),
    responses((status = 200, description = "Server-Sent Events: `unread-count`, `notification`", content_type = "text/event-stream"),
              (status = 401, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn stream(
    _long: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
) -> ApiResult<Response> {
    let events = Feed::open(state, user).await?.events();
    // Proxies of nginx's kind would wait until there is enough to send.
    Ok(([("x-accel-buffering", "no")], Sse::new(events)).into_response())
}

impl Feed {
    async fn open(state: AppState, user: Arc<SessionUser>) -> ApiResult<Self> {
        // Listening starts before the first look: nothing falls in between.
        let open = state.streams.open(user.id).ok_or_else(ApiError::unavailable)?;
        let now = Instant::now();
        let mut feed = Self {
            user,
            open,
            newest: Default::default(),
            unread: None,
            until: now + LIFETIME,
            heartbeat: now + state.config.bounds.stream_heartbeat,
            queue: VecDeque::new(),
            is_over: false,
            stopping: state.shutdown.stopping(),
            state,
        };
        feed.newest = feed.latest().await?;
        feed.look().await?;
        Ok(feed)
    }

    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, |mut feed| async move { feed.next().await.map(|event| (Ok(event), feed)) })
    }

    /// The next event; `None` ends the stream, and the client comes back by itself.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
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
                    self.queue.push_back(Event::default().retry(REPLACED_RETRY));
                }
                // Rare, and large: in a box it does not weigh on every stream that waits.
                Wake::News => Box::pin(self.look()).await.ok()?,
                Wake::Heartbeat => Box::pin(self.check()).await?,
                Wake::End => return None,
            }
        }
    }

    async fn wait(&self) -> Wake {
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
        if let Err(error) = self.look().await {
            tracing::debug!(%error, "a stream could not look at the tables");
        }
        self.queue.push_back(Event::default().comment(""));
        Some(())
    }

    fn all(&self) -> Filter {
        Filter { user_id: self.user.id, unread_only: false }
    }

    async fn latest(&self) -> Result<(DateTime<Utc>, Uuid), sqlx::Error> {
        let mut conn = self.state.db.conn().await?;
        let newest = Page { page: 1, limit: 1 };
        let rows = store::page(&mut conn, self.all(), self.state.clock.now(), newest).await?;
        Ok(rows.first().map(|row| (row.created_at, row.id)).unwrap_or_default())
    }

    /// Queues what changed since the last look.
    async fn look(&mut self) -> Result<(), sqlx::Error> {
        let now = self.state.clock.now();
        let mut conn = self.state.db.conn().await?;
        let recent = Page { page: 1, limit: BURST };
        let mut rows = store::page(&mut conn, self.all(), now, recent).await?;
        let unread = Filter { unread_only: true, ..self.all() };
        let count = store::count(&mut conn, unread, now).await?;
        rows.truncate(BURST as usize);
        rows.retain(|row| (row.created_at, row.id) > self.newest);
        if let Some(newest) = rows.first() {
            self.newest = (newest.created_at, newest.id);
        }
        for row in rows.into_iter().rev() {
            self.queue
                .extend(Event::default().event("notification").json_data(NotificationRow::from(row)).ok());
        }
        if self.unread.replace(count) != Some(count) {
            let event = Event::default().event("unread-count").json_data(json!({ "count": count }));
            self.queue.extend(event.ok());
        }
        Ok(())
    }
}
