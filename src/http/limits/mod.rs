//! How often the same client or account may ask: fixed windows, counted in memory.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use uuid::Uuid;

pub mod layer;
mod settings;

pub use settings::{Budget, Limit, RateLimitSettings};

use super::error::ApiError;
use crate::clock::Clock;

/// Keys one budget remembers at most. Past it the memory starts afresh rather than grow.
const MAX_KEYS: usize = 200_000;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LimitKey {
    network: Option<IpAddr>,
    user: Option<Uuid>,
    account: Option<String>,
}

impl LimitKey {
    /// An address. An IPv6 client owns at least a /64, so all of it is one key.
    pub fn ip(ip: IpAddr) -> Self {
        Self { network: Some(network_of(ip)), user: None, account: None }
    }

    /// A signed-in user.
    pub fn user(user: Uuid) -> Self {
        Self { network: None, user: Some(user), account: None }
    }

    /// An account named by what the client typed, whatever the case.
    pub fn account(email: &str) -> Self {
        Self { network: None, user: None, account: Some(account_of(email)) }
    }

    /// An account as tried from one address.
    pub fn ip_account(ip: IpAddr, email: &str) -> Self {
        Self { network: Some(network_of(ip)), user: None, account: Some(account_of(email)) }
    }
}

/// What is left of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Events allowed in the window.
    pub limit: u32,
    /// Events still allowed in it.
    pub remaining: u32,
    /// Seconds until the window ends.
    pub reset: u64,
}

/// The budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// Seconds to wait, at least 1.
    pub retry_after: u64,
    /// Events allowed in the window.
    pub limit: u32,
    /// Attempts in progress hold the last places: their outcome decides.
    pub pending: bool,
}

impl From<Limited> for ApiError {
    fn from(limited: Limited) -> Self {
        ApiError::too_many_requests(limited.retry_after)
    }
}

/// The counters of every budget. Clones share them.
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    enabled: bool,
    clock: Clock,
    shelves: BTreeMap<Budget, Shelf>,
    /// Wakes those who wait for the outcome of an attempt.
    settled: Notify,
}

struct Shelf {
    limit: Limit,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    windows: HashMap<LimitKey, Window>,
    prune_at: usize,
}

#[derive(Clone, Copy)]
struct Window {
    start: DateTime<Utc>,
    count: u32,
    /// Attempts in progress, counted until they turn out not to have failed.
    open: u32,
}

impl RateLimits {
    /// Counters at zero.
    pub fn new(settings: &RateLimitSettings, clock: Clock) -> Self {
        let shelf = |limit: &Limit| Shelf { limit: *limit, table: Mutex::default() };
        let shelves = settings.limits.iter().map(|(budget, limit)| (*budget, shelf(limit))).collect();
        Self(Arc::new(Inner { enabled: settings.enabled, clock, shelves, settled: Notify::new() }))
    }

    /// Whether anything is counted at all.
    pub fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Counts one event.
    ///
    /// # Errors
    /// [`Limited`] when the budget was already spent; the event is then not counted.
    pub fn check(&self, budget: Budget, key: &LimitKey) -> Result<Quota, Limited> {
        self.spend(budget, key, 1, 0)
    }

    /// Says what is left without counting anything.
    ///
    /// # Errors
    /// [`Limited`] when the budget is spent.
    pub fn peek(&self, budget: Budget, key: &LimitKey) -> Result<Quota, Limited> {
        self.spend(budget, key, 0, 0)
    }

    /// Counts a failure that has happened, without judging it.
    pub fn record_failure(&self, budget: Budget, key: &LimitKey) {
        // A refusal here means that the budget is spent already, which the next check will say.
        let _ = self.check(budget, key);
    }

    /// Starts an attempt of which only the failure counts, so that attempts made at the same time cannot
    /// outnumber the budget: its place is taken at once, and given back unless [`Attempt::failed`] is called.
    ///
    /// # Errors
    /// [`Limited`] when the budget is spent.
    pub fn attempt(&self, budget: Budget, key: LimitKey) -> Result<Attempt, Limited> {
        self.spend(budget, &key, 1, 1)?;
        Ok(Attempt { limits: self.clone(), budget, key, failed: false })
    }

    /// As [`Self::attempt`], but waits for its turn while attempts in progress hold the last places: people who
    /// succeed at the same time do not refuse each other.
    ///
    /// # Errors
    /// [`Limited`] when failures have spent the budget.
    pub async fn attempt_in_turn(&self, budget: Budget, key: LimitKey) -> Result<Attempt, Limited> {
        loop {
            let mut settled = std::pin::pin!(self.0.settled.notified());
            // Listening before looking: an attempt that settles in between is not missed.
            settled.as_mut().enable();
            match self.attempt(budget, key.clone()) {
                Err(limited) if limited.pending => settled.await,
                decided => return decided,
            }
        }
    }

    fn spend(&self, budget: Budget, key: &LimitKey, cost: u32, open: u32) -> Result<Quota, Limited> {
        let shelf = match self.0.shelves.get(&budget) {
            Some(shelf) if self.0.enabled => shelf,
            _ => {
                return Ok(Quota { limit: u32::MAX, remaining: u32::MAX, reset: 0 });
            }
        };
        let now = self.0.clock.now();
        let limit = shelf.limit;
        let mut table = shelf.lock();
        let window = table.window(key, now, limit.window, cost > 0);
        let reset = seconds_left(window.start, limit.window, now);
        if window.count >= limit.max {
            return Err(Limited { retry_after: reset, limit: limit.max, pending: window.open > 0 });
        }
        if cost > 0 {
            table.windows.insert(
                key.clone(),
                Window { count: window.count + cost, open: window.open + open, ..window },
            );
        }
        Ok(Quota { limit: limit.max, remaining: limit.max - window.count - cost, reset })
    }

    /// Settles an attempt; true when its failure was the last of the budget.
    fn settle(&self, budget: Budget, key: &LimitKey, failed: bool) -> bool {
        let last = self.0.shelves.get(&budget).is_some_and(|shelf| shelf.settle(key, failed));
        self.0.settled.notify_waiters();
        last
    }
}

impl Shelf {
    fn settle(&self, key: &LimitKey, failed: bool) -> bool {
        let mut table = self.lock();
        let Some(window) = table.windows.get_mut(key) else {
            return false;
        };
        window.open = window.open.saturating_sub(1);
        if failed {
            return window.count.saturating_sub(window.open) == self.limit.max;
        }
        window.count = window.count.saturating_sub(1);
        if window.count == 0 {
            table.windows.remove(key);
        }
        false
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The window that runs for `key`, or a new one.
    fn window(&mut self, key: &LimitKey, now: DateTime<Utc>, length: Duration, writing: bool) -> Window {
        match self.windows.get(key) {
            Some(window) if is_running(window, now, length) => *window,
            _ => {
                if writing && self.windows.len() >= self.prune_at.max(1024) {
                    self.prune(now, length);
                }
                Window { start: now, count: 0, open: 0 }
            }
        }
    }

    /// Forgets the windows that ended. Runs each time the table has doubled, so it costs little per event.
    fn prune(&mut self, now: DateTime<Utc>, length: Duration) {
        self.windows.retain(|_, window| is_running(window, now, length));
        if self.windows.len() > MAX_KEYS {
            self.windows.clear();
        }
        self.prune_at = self.windows.len() * 2;
    }
}

/// An attempt in progress, see [`RateLimits::attempt`].
#[must_use = "dropping an attempt means that it did not fail"]
pub struct Attempt {
    limits: RateLimits,
    budget: Budget,
    key: LimitKey,
    failed: bool,
}

impl Attempt {
    /// The attempt failed: it counts. True for the one failure of a window that spends the budget.
    pub fn failed(mut self) -> bool {
        self.failed = true;
        self.limits.settle(self.budget, &self.key, true)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.failed {
            self.limits.settle(self.budget, &self.key, false);
        }
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

/// What counts as one client of an address: itself, or the /64 an IPv6 client owns at least.
pub fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

/// Long enough for any address a mail server accepts (RFC 5321: 254 characters), short enough to keep.
fn account_of(email: &str) -> String {
    email.trim().to_lowercase().chars().take(254).collect()
}
