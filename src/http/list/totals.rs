//! How many rows a list has in all, without counting them for every page.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;

use super::paging::Page;
use crate::db::is_unavailable;
use crate::http::error::{ApiError, ApiResult};

/// How long a total is told without counting again.
const LIFETIME: Duration = Duration::from_secs(15);

/// Totals below this are cheap to count and never kept: whoever adds a row to a short list sees it counted at once.
const SMALL: u64 = 1_000;

/// Lists, as their callers filter them, whose totals are kept at most.
const CAPACITY: u64 = 10_000;

/// Where a page stands in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The page.
    pub page: Page,
    /// Rows in all.
    pub total: u64,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where it stands.
    pub place: Place,
}

impl<T> Listing<T> {
    /// Turns the rows into something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listing<U> {
        Listing { rows: self.rows.into_iter().map(change).collect(), place: self.place }
    }
}

/// A list and a keyed hash of its filter: two filters that met in one would share a total for some seconds, a chance of
/// one in a million million with a full cache.
type Key = (&'static str, u64);

/// How many rows there are of each kind.
pub type Tally = Arc<Vec<(String, u64)>>;

/// The totals of the long lists, each counted by one caller at a time. Cheap to clone.
#[derive(Clone)]
pub struct Totals {
    counted: Cache<Key, u64>,
    tallied: Cache<&'static str, Tally>,
    hasher: RandomState,
}

impl Default for Totals {
    fn default() -> Self {
        let counted = Cache::builder().max_capacity(CAPACITY).expire_after(WhileLong).build();
        let tallied = Cache::builder().max_capacity(CAPACITY).expire_after(WhileLong).build();
        Self { counted, tallied, hasher: RandomState::new() }
    }
}

/// Forgets small totals at once.
struct WhileLong;

impl Expiry<Key, u64> for WhileLong {
    fn expire_after_create(&self, _: &Key, total: &u64, _: Instant) -> Option<Duration> {
        Some(if *total < SMALL { Duration::ZERO } else { LIFETIME })
    }
}

impl Expiry<&'static str, Tally> for WhileLong {
    fn expire_after_create(&self, _: &&'static str, tally: &Tally, _: Instant) -> Option<Duration> {
        let total: u64 = tally.iter().map(|(_, rows)| rows).sum();
        Some(if total < SMALL { Duration::ZERO } else { LIFETIME })
    }
}

impl Totals {
    /// How many rows there are of each kind, as `count` tells it, or told it less than 15 s ago of many rows.
    ///
    /// # Errors
    /// What `count` met.
    pub async fn tally(
        &self,
        name: &'static str,
        count: impl Future<Output = Result<Vec<(String, u64)>, sqlx::Error>>,
    ) -> ApiResult<Tally> {
        let counted = async { count.await.map(Arc::new) };
        self.tallied.try_get_with(name, counted).await.map_err(shared)
    }

    /// A page of `list` under a filter, from up to [`Page::fetch`] rows read. They tell the total by themselves when
    /// nothing follows the page; else `count` tells it, or told it less than 15 s ago. A total is never less than what
    /// the page proves.
    ///
    /// # Errors
    /// What `count` met.
    pub async fn listing<T>(
        &self,
        list: &'static str,
        filter: &impl Hash,
        page: Page,
        mut rows: Vec<T>,
        count: impl Future<Output = Result<u64, sqlx::Error>>,
    ) -> ApiResult<Listing<T>> {
        let more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let seen = page.offset() + rows.len() as u64;
        let total = match (more, rows.is_empty() && page.has_prev()) {
            (true, _) => self.total(list, filter, count).await?.max(seen + 1),
            // Beyond the end, wherever that is.
            (false, true) => self.total(list, filter, count).await?.min(seen),
            (false, false) => seen,
        };
        Ok(Listing { rows, place: Place { page, total } })
    }

    async fn total(
        &self,
        list: &'static str,
        filter: &impl Hash,
        count: impl Future<Output = Result<u64, sqlx::Error>>,
    ) -> ApiResult<u64> {
        let key = (list, self.hasher.hash_one(filter));
        self.counted.try_get_with(key, count).await.map_err(shared)
    }
}

/// The error of a statement several callers waited for.
pub fn shared(error: Arc<sqlx::Error>) -> ApiError {
    match Arc::try_unwrap(error) {
        Ok(error) => error.into(),
        Err(error) if is_unavailable(&error) => ApiError::unavailable().caused_by(anyhow::anyhow!("{error}")),
        Err(error) => ApiError::internal(anyhow::anyhow!("{error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const PAGE: Page = Page { page: 2, limit: 10 };

    /// Lists page 2 with `read` rows where a count would give `count`; tells the total and whether it was counted.
    async fn total(totals: &Totals, page: Page, read: usize, count: u64) -> (u64, bool) {
        let mut counted = false;
        let counting = async {
            counted = true;
            Ok(count)
        };
        let listing = totals.listing("things", &7, page, vec![(); read], counting).await.unwrap();
        assert!(listing.rows.len() <= 10);
        (listing.place.total, counted)
    }

    #[tokio::test]
    async fn a_page_nothing_follows_is_not_counted() {
        let totals = Totals::default();
        assert_eq!(total(&totals, PAGE, 3, 99).await, (13, false));
        assert_eq!(total(&totals, PAGE, 10, 99).await, (20, false));
        assert_eq!(total(&totals, Page { page: 1, ..PAGE }, 0, 99).await, (0, false));
        assert_eq!(total(&totals, PAGE, 11, 99).await, (99, true));
        assert_eq!(total(&totals, PAGE, 0, 7).await, (7, true), "beyond the end");
    }

    #[tokio::test]
    async fn short_lists_are_counted_anew_and_long_ones_are_not() {
        let totals = Totals::default();
        assert_eq!(total(&totals, PAGE, 11, 998).await, (998, true));
        assert_eq!(total(&totals, PAGE, 11, 999).await, (999, true));
        assert_eq!(total(&totals, PAGE, 11, 1_000).await, (1_000, true));
        assert_eq!(total(&totals, PAGE, 11, 1_001).await, (1_000, false));
        let other = totals.listing("things", &8, PAGE, vec![(); 11], async { Ok(5_000) }).await.unwrap();
        assert_eq!(other.place.total, 5_000, "another filter");
    }

    #[tokio::test]
    async fn a_page_is_believed_before_an_old_total() {
        let totals = Totals::default();
        assert_eq!(total(&totals, PAGE, 11, 1_000).await.0, 1_000);
        let far = Page { page: 101, limit: 10 };
        assert_eq!(total(&totals, far, 11, 0).await, (1_011, false));
        assert_eq!(total(&totals, far, 2, 0).await, (1_002, false));
        assert_eq!(total(&totals, PAGE, 0, 0).await, (10, false));
    }

    #[tokio::test]
    async fn many_callers_count_once() {
        let (totals, counts) = (Totals::default(), AtomicU32::new(0));
        let count = || async {
            counts.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(5)
        };
        let lists = (0..20).map(|_| totals.listing("things", &1, PAGE, vec![(); 11], count()));
        for listing in futures_util::future::join_all(lists).await {
            assert_eq!(listing.unwrap().place.total, 21, "what the page proves");
        }
        assert_eq!(counts.into_inner(), 1);
    }

    #[tokio::test]
    async fn a_tally_is_kept_while_it_is_long() {
        let totals = Totals::default();
        let tally = async |rows| {
            let counting = async { Ok(vec![("few".to_owned(), 1), ("many".to_owned(), rows)]) };
            totals.tally("things", counting).await.unwrap()[1].1
        };
        assert_eq!((tally(5).await, tally(999).await, tally(7).await), (5, 999, 999));
    }

    #[tokio::test]
    async fn an_outage_stays_one() {
        let refused = async { Err(sqlx::Error::PoolTimedOut) };
        let error = Totals::default().listing("things", &1, PAGE, vec![(); 11], refused).await.unwrap_err();
        assert_eq!(error.status(), axum::http::StatusCode::SERVICE_UNAVAILABLE);
    }
}
