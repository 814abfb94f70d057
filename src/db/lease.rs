//! Queues: rows of a table that wait for work which may fail and be tried again, shared by any number of workers in
//! any number of processes.
//!
//! A claim is a short transaction that takes rows which are due, passing over those others are taking, and writes the
//! end of its lease where the due time stood: a worker that dies simply lets it run out. The work happens outside of
//! it. What became of it is written only while the row still holds the end of that very lease, so that a worker whose
//! lease ran out changes nothing any more.
//!
//! | need                                | use                                                              |
//! |-------------------------------------|------------------------------------------------------------------|
//! | a queue                             | a type that implements [`Queue`]: names of table, columns, index |
//! | rows to work on                     | [`claim`]                                                        |
//! | the row's own columns               | a query of the slice's, by [`Lease::id`]                         |
//! | it failed                           | [`Lease::fail`]                                                  |
//! | it is done                          | an UPDATE or DELETE of the slice's, after [`Lease::hold`]        |
//! |                                     | or with `AND <due> = ?` bound to [`Lease::until`]                |

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Decode, Encode, MySql, MySqlConnection, QueryBuilder, Row, Type, mysql::MySqlRow};

use super::{Backoff, Db, with_retry};

/// Longest cause the tables keep, in characters.
const CAUSE_MAX: usize = 500;

/// A queue, by the names of its table. Names are constants: no input ever gets into the SQL made of them.
pub trait Queue: Sized + Send + Sync + 'static {
    /// What tells one row from another.
    type Id: Clone
        + Send
        + Sync
        + Unpin
        + Type<MySql>
        + for<'q> Encode<'q, MySql>
        + for<'r> Decode<'r, MySql>
        + 'static;

    /// The table.
    const TABLE: &'static str;
    /// The unique column of [`Self::Id`].
    const KEY: &'static str = "id";
    /// The column of the due time, in which the end of a lease is written.
    const DUE: &'static str = "next_attempt_at";
    /// The index claims go by: the columns of [`Self::WAITING`], then [`Self::DUE`]. With a weaker one a claim locks
    /// more rows than it takes, and the other workers get nothing.
    const INDEX: &'static str;
    /// What the rows that wait have in common: equalities on the columns before [`Self::DUE`] in the index. With
    /// several, a row meets one of them, and each is claimed by itself.
    const WAITING: &'static [&'static str] = &["TRUE"];
    /// The column that counts the tries, this one included, when claims count them.
    const ATTEMPTS: Option<&'static str> = Some("attempts");
    /// The column that keeps why the last try failed, when there is one.
    const CAUSE: Option<&'static str> = Some("last_error");
    /// The column of the last change, when there is one.
    const CHANGED: Option<&'static str> = None;
    /// How a row is given up: assignments that end its waiting.
    const GIVE_UP: &'static str = "";

    /// How long a claim keeps others away: longer than the work takes.
    const LEASE: TimeDelta;
    /// What the due column lies behind the due time, for a column that tells when something last happened.
    const PATIENCE: TimeDelta = TimeDelta::zero();
    /// Pauses between tries.
    const BACKOFF: Backoff;
    /// Tries before a row is given up.
    const TRIES: u32 = u32::MAX;
}

/// A row this worker may work on until the lease ends.
pub struct Lease<Q: Queue> {
    /// The row.
    pub id: Q::Id,
    /// Tries so far, this one included; 0 where claims do not count them.
    pub attempts: u32,
    /// What the due column holds while the row is ours.
    pub until: DateTime<Utc>,
}

/// What became of a row whose try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again then.
    Later(DateTime<Utc>),
    /// It was the last try.
    GivenUp,
    /// The lease had ended: someone else decides.
    NotOurs,
}

/// Takes up to `limit` rows that are due, the longest due first, for this worker alone.
///
/// # Errors
/// When the database refuses, or after three deadlocks in a row.
pub async fn claim<Q: Queue>(db: &Db, now: DateTime<Utc>, limit: u32) -> Result<Vec<Lease<Q>>, sqlx::Error> {
    with_retry(|| async {
        let mut tx = db.begin().await?;
        let leases = take(&mut tx, now, limit).await?;
        tx.commit().await?;
        Ok(leases)
    })
    .await
}

/// The claim within a transaction, which is to be committed before the work begins.
///
/// # Errors
/// When the database refuses.
pub async fn take<Q: Queue>(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Lease<Q>>, sqlx::Error> {
    let until = now + Q::LEASE - Q::PATIENCE;
    let mut leases = Vec::new();
    for waiting in Q::WAITING {
        let room = limit.saturating_sub(u32::try_from(leases.len()).unwrap_or(u32::MAX));
        if room > 0 {
            leases.extend(due::<Q>(conn, waiting, now - Q::PATIENCE, room, until).await?);
        }
    }
    if !leases.is_empty() {
        mark(conn, &leases, now).await?;
    }
    Ok(leases)
}

/// Locks rows that are due. The index is forced: on a table the server thinks small it would rather read, and lock,
/// every row.
async fn due<Q: Queue>(
    conn: &mut MySqlConnection,
    waiting: &str,
    due: DateTime<Utc>,
    limit: u32,
    until: DateTime<Utc>,
) -> Result<Vec<Lease<Q>>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new("SELECT ");
    query.push(Q::KEY).push(Q::ATTEMPTS.map_or_else(String::new, |attempts| format!(", {attempts}")));
    query.push(format_args!(" FROM {} FORCE INDEX ({}) WHERE {waiting} AND ", Q::TABLE, Q::INDEX));
    query.push(Q::DUE).push(" <= ").push_bind(due);
    query.push(" ORDER BY ").push(Q::DUE).push(" LIMIT ").push_bind(limit).push(" FOR UPDATE SKIP LOCKED");
    let rows = query.build().fetch_all(conn).await?;
    let attempts = |row: &MySqlRow| match Q::ATTEMPTS {
        Some(_) => row.try_get(1).map(|before: u32| before.saturating_add(1)),
        None => Ok(0),
    };
    rows.iter().map(|row| Ok(Lease { id: row.try_get(0)?, attempts: attempts(row)?, until })).collect()
}

/// Writes the end of the lease, and counts the try, on all rows at once.
async fn mark<Q: Queue>(
    conn: &mut MySqlConnection,
    leases: &[Lease<Q>],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut query = update::<Q>(leases.first().map(|lease| lease.until), now);
    if let Some(attempts) = Q::ATTEMPTS {
        query.push(format_args!(", {attempts} = {attempts} + 1"));
    }
    query.push(format_args!(" WHERE {} IN (", Q::KEY));
    // Padded to a power of two with the first ones: few different statements, so that each is prepared once.
    let ids = leases.iter().cycle().take(leases.len().next_power_of_two());
    let mut list = query.separated(", ");
    for lease in ids {
        list.push_bind(lease.id.clone());
    }
    query.push(")");
    query.build().execute(conn).await.map(drop)
}

/// `UPDATE … SET` with the due time and the time of the change.
fn update<Q: Queue>(due: Option<DateTime<Utc>>, now: DateTime<Utc>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new("UPDATE ");
    query.push(Q::TABLE).push(" SET ").push(Q::DUE).push(" = ").push_bind(due);
    if let Some(changed) = Q::CHANGED {
        query.push(format_args!(", {changed} = ")).push_bind(now);
    }
    query
}

impl<Q: Queue> Lease<Q> {
    /// Locks the row until the transaction ends, and tells whether it is still ours. Comes before the writes that note
    /// what became of it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hold(&self, conn: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
        let mut query = QueryBuilder::<MySql>::new("SELECT 1 FROM ");
        query.push(Q::TABLE);
        self.push_ours(&mut query);
        query.push(" FOR UPDATE");
        Ok(query.build().fetch_optional(conn).await?.is_some())
    }

    /// Puts the row back for another try after a pause, or gives it up after the last one; keeps the cause, which says
    /// nothing about any person.
    ///
    /// # Errors
    /// When the database refuses; the row then comes back when the lease ends.
    pub async fn fail(
        &self,
        conn: &mut MySqlConnection,
        now: DateTime<Utc>,
        cause: &str,
    ) -> Result<Failed, sqlx::Error> {
        if self.attempts >= Q::TRIES {
            let ours = self.give_up(conn, now, cause).await?;
            return Ok(if ours { Failed::GivenUp } else { Failed::NotOurs });
        }
        let again = now + Q::BACKOFF.after(self.attempts);
        let ours = self.settle(conn, Some(again - Q::PATIENCE), "", now, cause).await?;
        Ok(if ours { Failed::Later(again) } else { Failed::NotOurs })
    }

    /// Gives the row up whatever tries are left; tells whether it was still ours.
    ///
    /// # Errors
    /// When the database refuses; the row then comes back when the lease ends.
    pub async fn give_up(
        &self,
        conn: &mut MySqlConnection,
        now: DateTime<Utc>,
        cause: &str,
    ) -> Result<bool, sqlx::Error> {
        self.settle(conn, None, Q::GIVE_UP, now, cause).await
    }

    async fn settle(
        &self,
        conn: &mut MySqlConnection,
        due: Option<DateTime<Utc>>,
        assignments: &str,
        now: DateTime<Utc>,
        cause: &str,
    ) -> Result<bool, sqlx::Error> {
        let mut query = update::<Q>(due, now);
        if let Some(column) = Q::CAUSE {
            query.push(format_args!(", {column} = ")).push_bind(cut(cause));
        }
        if !assignments.is_empty() {
            query.push(", ").push(assignments);
        }
        self.push_ours(&mut query);
        Ok(query.build().execute(conn).await?.rows_affected() == 1)
    }

    /// `WHERE` the row is ours.
    fn push_ours(&self, query: &mut QueryBuilder<MySql>) {
        query.push(format_args!(" WHERE {} = ", Q::KEY)).push_bind(self.id.clone());
        query.push(format_args!(" AND ({})", Q::WAITING.join(" OR ")));
        query.push(format_args!(" AND {} = ", Q::DUE)).push_bind(self.until);
    }
}

fn cut(cause: &str) -> String {
    cause.chars().take(CAUSE_MAX).collect()
}
