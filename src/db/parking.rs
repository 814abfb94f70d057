//! Connections given back between two statements.
//!
//! sqlx asks the server for a sign of life each time a connection returns to its pool, because it cannot know whether
//! the one who had it was stopped in the middle of a statement. Beside a read of one statement that is as dear as the
//! read. Who knows that every statement was answered to its end parks the connection here instead, for the next one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection, MySql, pool::PoolConnection};

/// How long a connection may go from hand to hand before the pool sees it again, which replaces old ones.
const ROUND: Duration = Duration::from_secs(60);

/// Connections between two users. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Parking {
    /// None once the pool is closed.
    parked: Arc<Mutex<Option<Vec<Parked>>>>,
    places: usize,
}

/// One of them.
#[derive(Debug)]
struct Parked {
    conn: PoolConnection<MySql>,
    /// When the pool handed it out.
    out_since: Instant,
    parked_at: Instant,
}

impl Parking {
    /// For a pool of so many connections. One of them is never parked: who uses the pool itself finds that one.
    pub(super) fn new(connections: u32) -> Self {
        let places = connections.saturating_sub(1) as usize;
        Self { parked: Arc::new(Mutex::new(Some(Vec::new()))), places }
    }

    /// The one parked last, with when the pool handed it out, unless it has been idle for longer than `fresh`: the
    /// other end may have left, and the pool knows what to do then.
    pub(super) fn take(&self, fresh: Duration) -> Option<(PoolConnection<MySql>, Instant)> {
        let stale = {
            let mut parked = self.lock();
            let last = parked.as_mut()?.pop()?;
            if last.parked_at.elapsed() <= fresh {
                return Some((last.conn, last.out_since));
            }
            let below = parked.as_mut().map(std::mem::take);
            (last, below)
        };
        // Those below it are older still. Dropped here, not under the lock, they return to the pool.
        drop(stale);
        None
    }

    /// Keeps a connection for the next user, or lets it return to the pool.
    pub(super) fn put(&self, conn: PoolConnection<MySql>, out_since: Instant) {
        if conn.is_in_transaction() || out_since.elapsed() > ROUND {
            return;
        }
        let mut parked = self.lock();
        if let Some(parked) = parked.as_mut().filter(|parked| parked.len() < self.places) {
            parked.push(Parked { conn, out_since, parked_at: Instant::now() });
        }
    }

    /// Lets all of them return to the pool, for good.
    pub(super) fn close(&self) {
        let parked = self.lock().take();
        drop(parked);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Parked>>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
