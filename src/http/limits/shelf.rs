//! One budget: the windows that run, each for one key.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Limit, LimitKey, Limited, Quota};

/// How often a table that is full of spent keys is searched for windows that ended.
const SEARCH_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// A table is not searched for windows that ended before it has so many keys.
const FEW: usize = 1024;

pub(super) struct Shelf {
    limit: Limit,
    table: Mutex<Table>,
}

struct Table {
    windows: HashMap<LimitKey, Window>,
    /// The most keys.
    room: usize,
    prune_at: usize,
    not_before: DateTime<Utc>,
    /// Counts events, to tell which key was touched last.
    touches: u64,
}

#[derive(Clone, Copy)]
struct Window {
    start: DateTime<Utc>,
    count: u32,
    /// Attempts in progress, counted until they turn out not to have failed.
    open: u32,
    touched: u64,
}

impl Shelf {
    /// Counts up to `limit` for each of `room` keys.
    pub(super) fn new(limit: Limit, room: usize) -> Self {
        let table = Table {
            windows: HashMap::new(),
            room,
            prune_at: FEW.min(room),
            not_before: DateTime::<Utc>::MIN_UTC,
            touches: 0,
        };
        Self { limit, table: Mutex::new(table) }
    }

    /// Counts `cost` events, `open` of them in progress; 0 only looks.
    pub(super) fn spend(
        &self,
        key: &LimitKey,
        now: DateTime<Utc>,
        cost: u32,
        open: u32,
    ) -> Result<Quota, Limited> {
        let limit = self.limit;
        let mut table = self.lock();
        let window = table.window(key, now, limit.window);
        let reset = seconds_left(window.start, limit.window, now);
        if window.count >= limit.max {
            return Err(Limited { retry_after: reset, limit: limit.max, pending: window.open > 0 });
        }
        if cost > 0 {
            let window = Window { count: window.count + cost, open: window.open + open, ..window };
            table.put(key, window, now, limit);
        }
        Ok(Quota { limit: limit.max, remaining: limit.max - window.count - cost, reset })
    }

    /// Ends an attempt; true when its failure was the last of the budget.
    pub(super) fn settle(&self, key: &LimitKey, failed: bool) -> bool {
        let mut table = self.lock();
        let Some(window) = table.windows.get_mut(key) else {
            return false;
        };
        window.open = window.open.saturating_sub(1);
        if failed {
            return window.count.saturating_sub(window.open) == self.limit.max;
        }
        table.take_back(key);
        false
    }

    /// Counts one event less.
    pub(super) fn give_back(&self, key: &LimitKey) {
        self.lock().take_back(key);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The window that runs for `key`, or a new one.
    fn window(&self, key: &LimitKey, now: DateTime<Utc>, length: Duration) -> Window {
        let running = self.windows.get(key).filter(|window| is_running(window, now, length));
        running.copied().unwrap_or(Window { start: now, count: 0, open: 0, touched: 0 })
    }

    fn put(&mut self, key: &LimitKey, window: Window, now: DateTime<Utc>, limit: Limit) {
        self.touches += 1;
        let window = Window { touched: self.touches, ..window };
        if let Some(known) = self.windows.get_mut(key) {
            *known = window;
            return;
        }
        if self.windows.len() >= self.prune_at && now >= self.not_before {
            self.prune(now, limit);
        }
        // Among nothing but spent keys a new one finds no room: to forget one of them would free it.
        if self.windows.len() < self.room {
            self.windows.insert(key.clone(), window);
        }
    }

    fn take_back(&mut self, key: &LimitKey) {
        let Some(window) = self.windows.get_mut(key) else { return };
        window.count = window.count.saturating_sub(1);
        if window.count == 0 {
            self.windows.remove(key);
        }
    }

    /// Forgets the windows that ended; when that is not enough, those whose keys were not touched for longest. Runs each
    /// time the table has doubled or is full, so it costs little per event.
    fn prune(&mut self, now: DateTime<Utc>, limit: Limit) {
        self.windows.retain(|_, window| is_running(window, now, limit.window));
        if self.windows.len() >= self.room {
            self.forget_untouched(limit.max);
        }
        if self.windows.len() >= self.room {
            self.not_before = now.checked_add_signed(SEARCH_PAUSE).unwrap_or(now);
        }
        self.prune_at = (self.windows.len() * 2).max(FEW).min(self.room);
    }

    /// Forgets a quarter of the keys, the longest untouched, but none that is spent or in use.
    fn forget_untouched(&mut self, max: u32) {
        let may_go = |window: &Window| window.count < max && window.open == 0;
        let mut touched: Vec<u64> =
            self.windows.values().filter(|window| may_go(window)).map(|window| window.touched).collect();
        let surplus = (self.room / 4).max(1).min(touched.len());
        let Some(last) = surplus.checked_sub(1) else { return };
        let (_, &mut newest, _) = touched.select_nth_unstable(last);
        self.windows.retain(|_, window| !may_go(window) || window.touched > newest);
    }
}

fn is_running(window: &Window, now: DateTime<Utc>, length: Duration) -> bool {
    // A clock set back would otherwise keep a window open for as long as it was wrong.
    window.start <= now && now < end_of(window.start, length)
}

fn end_of(start: DateTime<Utc>, length: Duration) -> DateTime<Utc> {
    let length = TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX);
    start.checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn seconds_left(start: DateTime<Utc>, length: Duration, now: DateTime<Utc>) -> u64 {
    let left = (end_of(start, length) - now).num_milliseconds();
    u64::try_from(left).unwrap_or_default().div_ceil(1000).max(1)
}
