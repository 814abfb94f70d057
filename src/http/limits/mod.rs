//! How often the same client or account may ask: fixed windows, counted in memory.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::sync::Notify;
use uuid::Uuid;

pub mod layer;
mod settings;
mod shelf;

pub use settings::{Budget, Limit, RateLimitSettings};

use super::context::RequestContext;
use super::error::ApiError;
use crate::clock::Clock;
use shelf::Shelf;

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

impl RateLimits {
    /// Counters at zero.
    pub fn new(settings: &RateLimitSettings, clock: Clock) -> Self {
        let shelf = |limit: &Limit| Shelf::new(*limit, settings.max_keys);
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

    /// Takes back an event counted by [`Self::check`]: it turned out to be none.
    pub fn give_back(&self, budget: Budget, key: &LimitKey) {
        if let Some(shelf) = self.0.shelves.get(&budget) {
            shelf.give_back(key);
        }
        mark(budget, false);
    }

    fn spend(&self, budget: Budget, key: &LimitKey, cost: u32, open: u32) -> Result<Quota, Limited> {
        let shelf = match self.0.shelves.get(&budget) {
            Some(shelf) if self.0.enabled => shelf,
            _ => {
                return Ok(Quota { limit: u32::MAX, remaining: u32::MAX, reset: 0 });
            }
        };
        if cost > 0 {
            mark(budget, true);
        }
        shelf.spend(key, self.0.clock.now(), cost, open)
    }

    /// Settles an attempt; true when its failure was the last of the budget.
    fn settle(&self, budget: Budget, key: &LimitKey, failed: bool) -> bool {
        let last = self.0.shelves.get(&budget).is_some_and(|shelf| shelf.settle(key, failed));
        self.0.settled.notify_waiters();
        last
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

/// Notes on the request whether it was counted against a budget narrower than the general one.
fn mark(budget: Budget, spent: bool) {
    let is_general = matches!(budget, Budget::Anonymous | Budget::User);
    if let (false, Some(context)) = (is_general, RequestContext::current()) {
        context.set_own_budget(spent);
    }
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
