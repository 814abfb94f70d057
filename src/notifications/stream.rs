//! Notifications as they happen, for clients that outgrow polling: Server-Sent Events.
//!
//! `event: unread-count` carries `{"count": n}`, at the start and at every change; `event: notification`
//! carries a notification as the list does. Nothing is remembered for a client that was away: on
//! reconnection it reads the list, which has everything.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream::unfold};
use serde_json::json;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    routes::NotificationRow,
    store::{self, Filter},
};
use crate::{
    app::AppState,
    auth::Session,
    events::Hint,
    http::{ApiResult, ErrorBody, LongRunning, Page},
};

/// Comments sent when nothing happens, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(25);

/// How long one stream lasts: a session that ended must not go on being told.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// New notifications told at once; more of them are left to the list.
const BURST: u32 = 20;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stream))
}

struct Feed {
    state: AppState,
    user_id: Uuid,
    hints: broadcast::Receiver<Hint>,
    /// Instant and id of the newest notification told so far.
    newest: (DateTime<Utc>, Uuid),
    /// When the client must come back, and prove its session again.
    until: Instant,
    queue: VecDeque<Event>,
    /// The end of the program, which waits for no open stream.
    stopping: CancellationToken,
}

/// Unread count and new notifications of the caller, as they happen.
#[utoipa::path(get, path = "/notifications/stream", tag = "Notifications", security(("bearer" = [])),
    responses((status = 200, description = "Server-Sent Events: `unread-count`, `notification`", content_type = "text/event-stream"),
              (status = 401, body = ErrorBody)))]
async fn stream(
    _long: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    // Listening starts before the first look: nothing falls in between.
    let hints = state.bus.subscribe();
    let stopping = state.shutdown.stopping();
    let mut feed = Feed {
        state,
        user_id: user.id,
        hints,
        newest: Default::default(),
        until: Instant::now() + LIFETIME,
        queue: VecDeque::new(),
        stopping,
    };
    feed.newest = feed.latest().await?;
    feed.look().await?;
    let events = unfold(feed, |mut feed| async move { feed.next().await.map(|event| (Ok(event), feed)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

impl Feed {
    /// The next event; `None` ends the stream, and the client comes back by itself.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            let hint = tokio::select! {
                hint = timeout_at(self.until, self.hints.recv()) => hint.ok()?,
                () = self.stopping.cancelled() => return None,
            };
            match hint {
                Ok(Hint::Notifications(user_id)) if user_id == self.user_id => {}
                Err(RecvError::Lagged(_)) => {}
                Ok(_) => continue,
                Err(RecvError::Closed) => return None,
            }
            self.look().await.ok()?;
        }
    }

    fn all(&self) -> Filter {
        Filter { user_id: self.user_id, unread_only: false }
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
        self.queue.extend(Event::default().event("unread-count").json_data(json!({ "count": count })).ok());
        Ok(())
    }
}
