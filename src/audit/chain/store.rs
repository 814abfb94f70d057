//! SQL of the seals, and of the rows as they are hashed.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use crate::db::{
    columns::columns,
    filter::{Direction, Enum, Select},
};

columns! {
    /// A row of the log, as it is hashed.
    pub struct Row {
        pub id: Uuid,
        pub seq: u64,
        pub timestamp: DateTime<Utc>,
        pub actor_email: String,
        pub action: String,
        pub target_type: String = "CAST(target_type AS CHAR)",
        pub target_id: Option<String>,
        pub details: Option<String>,
        pub ip_address: Option<String>,
        pub user_agent: Option<String>,
        pub severity: String = "CAST(severity AS CHAR)",
        pub created_at: DateTime<Utc>,
    }
}

columns! {
    /// A seal.
    pub struct Seal {
        pub id: u64,
        pub first_seq: u64,
        pub last_seq: u64,
        pub row_count: u32,
        pub rows_hash: String,
        pub previous_hash: String,
        pub hash: String,
        pub newest_at: DateTime<Utc>,
        pub sealed_at: DateTime<Utc>,
        pub state: Enum<State>,
        pub digests: Option<Vec<u8>>,
    }
}

/// What became of the rows of a seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum State {
    /// They are there.
    Sealed,
    /// A cleanup was recorded: they are going.
    Purging,
    /// They are gone.
    Purged,
}

/// The last seal, locked: those who seal take turns.
pub async fn lock_last(conn: &mut MySqlConnection) -> Result<Option<(u64, String)>, sqlx::Error> {
    let last = sqlx::query!("SELECT id, hash FROM audit_seals ORDER BY id DESC LIMIT 1 FOR UPDATE")
        .fetch_optional(conn)
        .await?;
    Ok(last.map(|seal| (seal.id, seal.hash)))
}

/// Up to `limit` rows that no seal covers, in the order of their numbers: what is committed, without a lock.
pub async fn unsealed(conn: &mut MySqlConnection, limit: u32) -> Result<Vec<Row>, sqlx::Error> {
    Select::of::<Row>("audit_logs")
        .and("seal_id IS NULL")
        .order_by(&["seq"], Direction::Asc)
        .window(limit, 0)
        .rows(conn)
        .await
}

/// The rows of a seal, in the order of their numbers.
pub async fn rows_of(conn: &mut MySqlConnection, seal: u64) -> Result<Vec<Row>, sqlx::Error> {
    Select::of::<Row>("audit_logs")
        .and_eq("seal_id", seal)
        .order_by(&["seq"], Direction::Asc)
        .rows(conn)
        .await
}

/// Writes a seal.
pub async fn insert(conn: &mut MySqlConnection, seal: &Seal) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO audit_seals
           (id, first_seq, last_seq, row_count, rows_hash, previous_hash, hash, newest_at, sealed_at, digests)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        seal.id,
        seal.first_seq,
        seal.last_seq,
        seal.row_count,
        seal.rows_hash,
        seal.previous_hash,
        seal.hash,
        seal.newest_at,
        seal.sealed_at,
        seal.digests
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes which seal covers these rows; tells how many of them were free.
pub async fn cover(conn: &mut MySqlConnection, seal: u64, rows: &[Row]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new("UPDATE audit_logs SET seal_id = ");
    query.push_bind(seal).push(" WHERE seal_id IS NULL AND seq IN (");
    // Padded to a power of two with the first ones: few different statements, each prepared once.
    let mut list = query.separated(", ");
    for row in rows.iter().cycle().take(rows.len().next_power_of_two()) {
        list.push_bind(row.seq);
    }
    query.push(")");
    Ok(query.build().execute(conn).await?.rows_affected())
}

/// The seals after this one, up to `limit`, in their order.
pub async fn seals_after(conn: &mut MySqlConnection, id: u64, limit: u32) -> Result<Vec<Seal>, sqlx::Error> {
    Select::of::<Seal>("audit_seals")
        .and_above("id", id)
        .order_by(&["id"], Direction::Asc)
        .window(limit, 0)
        .rows(conn)
        .await
}

/// A seal as it is now.
pub async fn seal(conn: &mut MySqlConnection, id: u64) -> Result<Option<Seal>, sqlx::Error> {
    Ok(Select::of::<Seal>("audit_seals").and_eq("id", id).rows(conn).await?.pop())
}

/// How many rows seals cover that are still there.
pub async fn sealed_rows(conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    Select::new("SELECT CAST(COALESCE(SUM(row_count), 0) AS SIGNED) FROM audit_seals")
        .and_eq("state", State::Sealed)
        .count(conn)
        .await
}

/// Numbers of seals that rows name, and that do not exist or say that their rows are gone.
pub async fn astray(conn: &mut MySqlConnection) -> Result<Vec<(u64, bool)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT named.seal_id AS "seal_id!", s.id IS NULL AS "missing!: bool"
           FROM (SELECT DISTINCT seal_id FROM audit_logs WHERE seal_id IS NOT NULL) named
           LEFT JOIN audit_seals s ON s.id = named.seal_id
           WHERE s.id IS NULL OR s.state = 'PURGED'"#
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(|row| (row.seal_id, row.missing)).collect())
}

/// Rows without a seal that are older than this, up to ten.
pub async fn unsealed_before(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
) -> Result<Vec<u64>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT seq FROM audit_logs WHERE seal_id IS NULL AND (timestamp < ? OR created_at < ?) ORDER BY seq LIMIT 10",
        before,
        before
    )
    .fetch_all(conn)
    .await
}

/// How many rows wait for a seal.
pub async fn waiting(conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    Select::new("SELECT COUNT(*) FROM audit_logs").and("seal_id IS NULL").count(conn).await
}

/// The first seal with a row at or after this instant: what a cleanup leaves, and all that follows.
pub async fn first_kept(
    conn: &mut MySqlConnection,
    cutoff: DateTime<Utc>,
) -> Result<Option<u64>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM audit_seals WHERE state = 'SEALED' AND newest_at >= ? ORDER BY id LIMIT 1",
        cutoff
    )
    .fetch_optional(conn)
    .await
}

/// The last of the seals before `first_kept` whose rows are there, and how many rows these are.
pub async fn to_purge(
    conn: &mut MySqlConnection,
    first_kept: u64,
) -> Result<(Option<u64>, u64), sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT MAX(id) AS last, CAST(COALESCE(SUM(row_count), 0) AS UNSIGNED) AS "row_count!: u64"
           FROM audit_seals WHERE state = 'SEALED' AND id < ?"#,
        first_kept
    )
    .fetch_one(conn)
    .await?;
    Ok((found.last, found.row_count))
}

/// Lets the rows of the seals up to this one go.
pub async fn set_purging(conn: &mut MySqlConnection, through: u64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE audit_seals SET state = 'PURGING', digests = NULL WHERE state = 'SEALED' AND id <= ?",
        through
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The last seal whose rows a cleanup let go, this one or one before.
pub async fn purged_through(conn: &mut MySqlConnection) -> Result<Option<u64>, sqlx::Error> {
    sqlx::query_scalar!("SELECT MAX(id) FROM audit_seals WHERE state IN ('PURGING', 'PURGED')")
        .fetch_one(conn)
        .await
}

/// A seal whose rows are to go.
pub async fn next_purging(conn: &mut MySqlConnection) -> Result<Option<u64>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM audit_seals WHERE state = 'PURGING' ORDER BY id LIMIT 1")
        .fetch_optional(conn)
        .await
}

/// Removes the rows of a seal that is being purged; tells how many.
pub async fn purge(conn: &mut MySqlConnection, seal: u64) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM audit_logs
         WHERE seal_id = ? AND EXISTS (SELECT 1 FROM audit_seals s WHERE s.id = ? AND s.state = 'PURGING')",
        seal,
        seal
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE audit_seals SET state = 'PURGED' WHERE id = ? AND state = 'PURGING'", seal)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected())
}

/// What the recorded cleanups say of themselves, the newest first.
pub async fn cleanups(conn: &mut MySqlConnection) -> Result<Vec<Option<String>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT details FROM audit_logs WHERE action = 'AUDIT_LOGS_CLEANUP' ORDER BY timestamp DESC LIMIT 100"
    )
    .fetch_all(conn)
    .await
}
