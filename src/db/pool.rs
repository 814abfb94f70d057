//! The connection pool, and transactions that survive cancellation.
//!
//! Every future of a request may be dropped half way: the client hangs up, a timeout fires. sqlx notes a
//! transaction only once the server has answered `BEGIN`, so a `begin` dropped in between would hand a connection
//! with an open transaction to the next request, whose writes would silently vanish. Here `BEGIN` runs in a task of
//! its own, which nobody can cancel; a transaction nobody waits for any more is rolled back when that task ends.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::pool::{PoolConnection, PoolConnectionMetadata};
use sqlx::{
    ConnectOptions, Connection, Error, Executor, MySql, MySqlConnection, MySqlPool, MySqlTransaction,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{parking::Parking, transport};

/// A connection idle for longer than this is pinged before it is handed out: the server or a proxy may have dropped it.
const PING_AFTER_IDLE: Duration = Duration::from_secs(5);

/// Prepared statements kept per connection. The program has more than sqlx's default of 100, and a statement that
/// does not fit is prepared again at every call; the server allows 16 382 over all connections.
const STATEMENT_CACHE: usize = 512;

/// What every session needs beyond what sqlx sets. The modes are those of the sessions queries are checked in at
/// compile time, made strict, so that a value which does not fit is an error and never a truncation.
const SESSION: &str = "SET SESSION \
    sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT', \
    innodb_lock_wait_timeout = 5";

/// A statement of its own, because the two servers call the variable differently.
const ISOLATION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// Size and patience of the pool.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Connections held open at most.
    pub max_connections: u32,
    /// How long one caller waits for a connection before it gets [`Error::PoolTimedOut`].
    pub acquire_timeout: Duration,
    /// Callers that may wait at the same time; the next one fails at once instead of making the queue longer.
    pub max_waiting: usize,
}

impl Default for PoolSettings {
    /// Two connections per core and one for the background jobs: more of them make the database slower, not faster.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            max_connections: u32::try_from(2 * cores + 1).unwrap_or(u32::MAX),
            acquire_timeout: Duration::from_secs(5),
            max_waiting: 1_000,
        }
    }
}

/// The database, cheap to clone: every clone shares one pool.
#[derive(Clone, Debug)]
pub struct Db {
    pool: MySqlPool,
    /// Connections of the pool that wait for their next user outside of it.
    parking: Parking,
    /// One permit per connection in use and per caller allowed to wait for one.
    admission: Arc<Semaphore>,
    /// One permit per connection in use.
    places: Arc<Semaphore>,
    acquire_timeout: Duration,
}

impl Db {
    /// Opens the pool and one first connection, so that a wrong address or password shows at once.
    /// A server that refuses connections is given `acquire_timeout` to come up.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the URL cannot be read or names no database, else what the first connection met.
    pub async fn connect(url: &str, settings: PoolSettings) -> Result<Self, Error> {
        let options = connect_options(url)?;
        let pool = match transport::plain(url, &options) {
            Some(plain) => open_plain(&settings, plain, options).await?,
            None => pool_options(&settings).connect_with(options).await?,
        };
        let connections = settings.max_connections as usize;
        let permits = settings.max_waiting.saturating_add(connections);
        Ok(Self {
            pool,
            parking: Parking::new(settings.max_connections),
            admission: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            places: Arc::new(Semaphore::new(connections)),
            acquire_timeout: settings.acquire_timeout,
        })
    }

    /// One connection, for reads and for writes of a single statement. Take it late, once per request.
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] at once when too many callers wait already, or after `acquire_timeout`.
    pub async fn conn(&self) -> Result<Conn, Error> {
        let permits = self.admit().await?;
        let (inner, out_since) = match self.parking.take(PING_AFTER_IDLE) {
            Some(parked) => parked,
            None => (self.acquire().await?, Instant::now()),
        };
        Ok(Conn { inner, out_since, parking: self.parking.clone(), _permits: permits })
    }

    async fn acquire(&self) -> Result<PoolConnection<MySql>, Error> {
        match self.pool.acquire().await {
            // The server was started again since, and has forgotten the password.
            Err(Error::Configuration(_)) => {
                transport::introduce(&self.pool.connect_options()).await?;
                self.pool.acquire().await
            }
            acquired => acquired,
        }
    }

    /// A READ COMMITTED transaction. Safe to cancel at any await, before and after it has begun.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and what `BEGIN` met.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let Conn { inner, _permits, .. } = self.conn().await?;
        // Dropping the handle does not stop the task. Its output, dropped with it, rolls back.
        let begun = tokio::spawn(async move {
            let inner = MySqlTransaction::begin(inner, None).await?;
            Ok::<_, Error>(Tx { inner, _permits })
        });
        begun.await.map_err(|_| Error::WorkerCrashed)?
    }

    /// The pool itself, for what needs an sqlx executor type. Never `begin` on it: see the head of this module.
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Waits for the connections in use to come back, then closes them all. Later calls fail with [`Error::PoolClosed`].
    pub async fn close(&self) {
        self.parking.close();
        self.pool.close().await;
    }

    /// Asks the server for an answer.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and what the query met.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut conn = self.conn().await?;
        (&mut *conn).execute("SELECT 1").await.map(drop)
    }

    /// The right to one connection, once somebody has given theirs back.
    async fn admit(&self) -> Result<Permits, Error> {
        let admission = Arc::clone(&self.admission).try_acquire_owned().map_err(|_| Error::PoolTimedOut)?;
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => timeout(self.acquire_timeout, Arc::clone(&self.places).acquire_owned())
                .await
                .map_err(|_| Error::PoolTimedOut)?
                .map_err(|_| Error::PoolClosed)?,
        };
        Ok(Permits { _place: place, _admission: admission })
    }
}

/// What the holder of a connection gives back with it.
#[derive(Debug)]
struct Permits {
    _place: OwnedSemaphorePermit,
    _admission: OwnedSemaphorePermit,
}

/// A connection of the pool, given back on drop.
#[derive(Debug)]
pub struct Conn {
    inner: PoolConnection<MySql>,
    out_since: Instant,
    parking: Parking,
    // After the connection: whoever waits for the place finds it given back.
    _permits: Permits,
}

impl Conn {
    /// Gives the connection back at once to whoever needs one next, without the question to the server that dropping it
    /// costs. Only for who has awaited every statement to its end.
    pub fn release(self) {
        let Self { inner, out_since, parking, _permits } = self;
        parking.put(inner, out_since);
    }
}

impl Deref for Conn {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.inner
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.inner
    }
}

/// An open transaction: nothing it wrote counts before [`commit`](Tx::commit), and dropping it rolls back.
pub struct Tx {
    inner: MySqlTransaction<'static>,
    _permits: Permits,
}

impl Tx {
    /// Makes the writes durable.
    ///
    /// # Errors
    /// When the connection is lost here the outcome is unknown: look the work up by its idempotency key, never repeat it blindly.
    pub async fn commit(self) -> Result<(), Error> {
        self.inner.commit().await
    }

    /// Undoes the writes and waits until the server has done so.
    ///
    /// # Errors
    /// A lost connection; the server then rolls back by itself.
    pub async fn rollback(self) -> Result<(), Error> {
        self.inner.rollback().await
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl Deref for Tx {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.inner
    }
}

/// Reads the URL and adds what every connection of the program has in common.
pub(super) fn connect_options(url: &str) -> Result<MySqlConnectOptions, Error> {
    let options: MySqlConnectOptions = url.parse()?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(Error::Configuration(
            "the database URL must name a database: mysql://user@host/name".into(),
        ));
    }
    Ok(options
        .charset("utf8mb4")
        .collation("utf8mb4_unicode_ci")
        .timezone(Some("+00:00".to_owned()))
        .statement_cache_capacity(STATEMENT_CACHE))
}

/// Applies the session settings that sqlx has no option for.
pub(super) async fn prepare_session(conn: &mut MySqlConnection) -> Result<(), Error> {
    conn.execute(SESSION).await?;
    conn.execute(ISOLATION).await.map(drop)
}

/// A pool of plain connections; of encrypted ones on a server that accepts nothing else.
async fn open_plain(
    settings: &PoolSettings,
    plain: MySqlConnectOptions,
    encrypted: MySqlConnectOptions,
) -> Result<MySqlPool, Error> {
    match pool_options(settings).connect_with(plain.clone()).await {
        Err(error) if transport::may_need_encryption(&error) => {}
        opened => return opened,
    }
    let pool = pool_options(settings).connect_with(encrypted).await?;
    if let Ok(conn) = plain.connect().await {
        conn.close().await?;
        pool.set_connect_options(plain);
    }
    Ok(pool)
}

fn pool_options(settings: &PoolSettings) -> MySqlPoolOptions {
    MySqlPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .after_connect(|conn, _| Box::pin(prepare_session(conn)))
        .before_acquire(|conn, meta| Box::pin(still_alive(conn, meta)))
        .after_release(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
}

/// Spares the ping that sqlx makes before every use, except after a pause long enough for the other end to leave.
async fn still_alive(conn: &mut MySqlConnection, meta: PoolConnectionMetadata) -> Result<bool, Error> {
    if meta.idle_for > PING_AFTER_IDLE {
        conn.ping().await?;
    }
    Ok(true)
}
