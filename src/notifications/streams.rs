//! Which streams are open, and whom a hint wakes: those of one user, and nobody else.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::{events::Hint, http::Bounds};

/// The open streams of this process. Clones share them.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    all: usize,
    each: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    count: usize,
    /// Oldest first.
    by_user: HashMap<Uuid, VecDeque<Arc<Line>>>,
}

/// What an open stream listens to.
#[derive(Default)]
struct Line {
    woken: Notify,
    replaced: AtomicBool,
    ended: AtomicBool,
}

/// An open stream; dropped, its place is free.
pub(super) struct OpenStream {
    streams: Streams,
    user_id: Uuid,
    line: Arc<Line>,
}

impl Streams {
    /// None is open.
    pub fn new(bounds: &Bounds) -> Self {
        Self(Arc::new(Inner { all: bounds.streams, each: bounds.streams_each, open: Mutex::default() }))
    }

    /// Wakes those whom a hint concerns.
    pub fn wake(&self, hint: Hint) {
        let Hint::Notifications(user_id) = hint else { return };
        for line in self.lock().by_user.get(&user_id).into_iter().flatten() {
            line.woken.notify_one();
        }
    }

    /// Ends the streams of a user whose sessions ended.
    pub fn end(&self, user_id: Uuid) {
        for line in self.lock().by_user.get(&user_id).into_iter().flatten() {
            line.end();
        }
    }

    /// Opens a stream. A user who has as many as one may have loses the oldest: an `EventSource` that is refused would
    /// never ask again, and the newest page is the one being looked at. None when there are too many in all.
    pub(super) fn open(&self, user_id: Uuid) -> Option<OpenStream> {
        let line = Arc::new(Line::default());
        let mut open = self.lock();
        let mine = open.by_user.get(&user_id).map_or(0, VecDeque::len);
        if mine < self.0.each && open.count >= self.0.all {
            return None;
        }
        let lines = open.by_user.entry(user_id).or_default();
        let oldest = if mine < self.0.each { None } else { lines.pop_front() };
        lines.push_back(Arc::clone(&line));
        match oldest {
            Some(oldest) => oldest.leave(),
            None => open.count += 1,
        }
        Some(OpenStream { streams: self.clone(), user_id, line })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn leave(&self) {
        self.replaced.store(true, Relaxed);
        self.woken.notify_one();
    }

    fn end(&self) {
        self.ended.store(true, Relaxed);
        self.woken.notify_one();
    }
}

impl OpenStream {
    /// Waits until there is something to look at.
    pub(super) async fn woken(&self) {
        self.line.woken.notified().await;
    }

    /// Whether the session it was opened by was ended.
    pub(super) fn is_ended(&self) -> bool {
        self.line.ended.load(Relaxed)
    }

    /// Whether a newer stream of the same user took its place.
    pub(super) fn is_replaced(&self) -> bool {
        self.line.replaced.load(Relaxed)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        let Some(lines) = open.by_user.get_mut(&self.user_id) else { return };
        let before = lines.len();
        lines.retain(|line| !Arc::ptr_eq(line, &self.line));
        let (gone, is_empty) = (before - lines.len(), lines.is_empty());
        if is_empty {
            open.by_user.remove(&self.user_id);
        }
        open.count = open.count.saturating_sub(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_comes_back() {
        let streams = Streams::new(&Bounds { streams: 3, streams_each: 2, ..Bounds::default() });
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = streams.open(one).unwrap();
        let second = streams.open(one).unwrap();
        let third = streams.open(one).unwrap();
        assert_eq!([&first, &second, &third].map(OpenStream::is_replaced), [true, false, false]);
        let other = streams.open(two).unwrap();
        assert!(streams.open(two).is_none(), "all are taken");
        streams.end(two);
        assert!(other.is_ended() && !third.is_ended());
        let newest = streams.open(one).unwrap();
        assert!(second.is_replaced(), "whoever has all their own only exchanges one");
        drop((first, second, third, other, newest));
        assert!(streams.lock().by_user.is_empty());
        assert_eq!(streams.lock().count, 0);
    }
}
