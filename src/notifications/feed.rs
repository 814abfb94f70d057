//! What a stream has told, and what it tells next.
//!
//! Every event carries the point it brings its reader to. A reader who comes back with it is told what follows, on
//! whichever server, nothing lost and nothing twice; when that is too much, or no point of ours, it is told to read the
//! list instead (`resync`).

use std::collections::VecDeque;

use axum::response::sse::Event;
use serde_json::json;
use uuid::Uuid;

use super::{
    routes::NotificationRow,
    store::{
        Notification,
        feed::{self, Point},
    },
};
use crate::{app::AppState, db::with_retry};

/// Notifications told at once; the others follow when these have left.
const PAGE: u32 = 20;

/// Notifications told again to a reader who comes back; more of them are left to the list.
const REPLAYED: u32 = 100;

/// The notifications of one account as one stream tells them.
pub(super) struct Feed {
    user_id: Uuid,
    /// All up to here is told, or queued.
    told: Point,
    /// The unread count told last.
    unread: Option<i64>,
    queue: VecDeque<Event>,
    /// Others follow what is queued.
    has_more: bool,
}

impl Feed {
    /// A feed that goes on where its reader was, or begins now.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn open(
        state: &AppState,
        user_id: Uuid,
        last_event_id: Option<&str>,
    ) -> Result<Self, sqlx::Error> {
        let mut feed =
            Self { user_id, told: Point::default(), unread: None, queue: VecDeque::new(), has_more: false };
        let (unread, wave) = feed.tidings(state).await?;
        let asked = last_event_id.map(|text| read(text).filter(|point| point.wave <= wave));
        feed.told = match asked {
            Some(Some(point)) if feed.is_near(state, point).await? => point,
            Some(_) => {
                feed.queue.push_back(at(Point::after(wave), Event::default().event("resync").data("{}")));
                Point::after(wave)
            }
            None => Point::after(wave),
        };
        feed.tell(state, unread, wave).await?;
        Ok(feed)
    }

    /// The next event queued.
    pub(super) fn next(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }

    /// Whether looking again at once gives more.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Queues an event that is no notification.
    pub(super) fn push(&mut self, event: Event) {
        self.queue.push_back(event);
    }

    /// Queues what there is to tell.
    ///
    /// # Errors
    /// When the database refuses; the next look tells it.
    pub(super) async fn look(&mut self, state: &AppState) -> Result<(), sqlx::Error> {
        let (unread, wave) = self.tidings(state).await?;
        self.tell(state, unread, wave).await
    }

    async fn tell(&mut self, state: &AppState, unread: i64, wave: u64) -> Result<(), sqlx::Error> {
        self.has_more = false;
        if self.told < Point::after(wave) {
            let mut conn = state.db.conn().await?;
            let (now, fetched) = (state.clock.now(), PAGE + 1);
            let rows = feed::following(&mut conn, self.user_id, self.told, now, fetched).await?;
            conn.release();
            self.take(rows, wave);
        }
        if self.unread.replace(unread) != Some(unread) {
            let count = Event::default().event("unread-count").json_data(json!({ "count": unread }));
            self.queue.extend(count.ok().map(|event| at(self.told, event)));
        }
        Ok(())
    }

    fn take(&mut self, mut rows: Vec<Notification>, wave: u64) {
        self.has_more = rows.len() > PAGE as usize;
        rows.truncate(PAGE as usize);
        for row in rows {
            self.told = Point { wave: row.wave.unwrap_or(self.told.wave), id: row.id };
            let event = Event::default().event("notification").json_data(NotificationRow::from(row));
            self.queue.extend(event.ok().map(|event| at(self.told, event)));
        }
        if !self.has_more {
            self.told = self.told.max(Point::after(wave));
        }
    }

    /// The unread count, and the last wave once all that is there is in one.
    async fn tidings(&self, state: &AppState) -> Result<(i64, u64), sqlx::Error> {
        let mut conn = state.db.conn().await?;
        let found = feed::tidings(&mut conn, self.user_id, state.clock.now()).await?;
        conn.release();
        let wave = match found.unnumbered {
            true => with_retry(|| raise(state, self.user_id)).await?,
            false => found.wave.unwrap_or_default(),
        };
        Ok((found.unread, wave))
    }

    /// Whether what follows a point is little enough to be told.
    async fn is_near(&self, state: &AppState, point: Point) -> Result<bool, sqlx::Error> {
        let mut conn = state.db.conn().await?;
        let now = state.clock.now();
        let waiting = feed::waiting(&mut conn, self.user_id, point, now, REPLAYED + 1).await?;
        conn.release();
        Ok(waiting <= u64::from(REPLAYED))
    }
}

async fn raise(state: &AppState, user_id: Uuid) -> Result<u64, sqlx::Error> {
    loop {
        let mut tx = state.db.begin().await?;
        let (wave, more) = feed::raise(&mut tx, user_id).await?;
        tx.commit().await?;
        if !more {
            return Ok(wave);
        }
    }
}

/// An event that brings its reader to a point.
fn at(point: Point, event: Event) -> Event {
    event.id(format!("{}.{}", point.wave, point.id.simple()))
}

/// The point an event brought its reader to.
fn read(id: &str) -> Option<Point> {
    let (wave, id) = id.split_once('.')?;
    Some(Point { wave: wave.parse().ok()?, id: Uuid::try_parse(id).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_as_it_is_written() {
        for point in [Point::default(), Point::after(7), Point { wave: u64::MAX, id: Uuid::from_u128(5) }] {
            let written = format!("{}.{}", point.wave, point.id.simple());
            assert_eq!(read(&written), Some(point));
        }
        for strange in ["", ".", "7", "7.", "-1.0", "7.x", "é.é"] {
            assert_eq!(read(strange), None, "{strange}");
        }
    }

    #[test]
    fn points_follow_each_other_by_wave_then_by_row() {
        let row = |wave, id| Point { wave, id: Uuid::from_u128(id) };
        assert!(row(1, 9) < row(2, 1) && row(2, 1) < row(2, 2) && row(2, 2) < Point::after(2));
        assert!(Point::after(1) < row(2, 0) && Point::after(0) > Point::default());
    }
}
