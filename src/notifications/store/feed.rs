//! SQL of the order in which streams tell notifications.
//!
//! Ids and instants are those of the writing, and a row is seen when its transaction commits: one that was written first
//! may be seen last. So rows are numbered by those who look, once they are there to be seen: all that an account has
//! unnumbered become its next *wave*, in a transaction that holds the account's row of `notification_feeds`. Waves are
//! seen whole and in order, on every server of the database; whoever read up to a point has missed nothing before it.

use chrono::{DateTime, Utc};
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use super::{Enum, Kind, Notification, Priority};

/// Rows of one wave at most; the oldest come first, the others in the next one.
const WAVE: u32 = 1_000;

/// A point in the feed of an account: everything up to this row of this wave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub wave: u64,
    pub id: Uuid,
}

impl Point {
    /// After all rows of a wave.
    pub fn after(wave: u64) -> Self {
        Self { wave, id: Uuid::max() }
    }
}

/// What there is to tell somebody.
pub struct Tidings {
    /// Notifications not read yet.
    pub unread: i64,
    /// Whether rows wait for a number.
    pub unnumbered: bool,
    /// The last wave, if there was one.
    pub wave: Option<u64>,
}

/// Looks whether there is anything to tell, in one statement: most looks find nothing.
pub async fn tidings(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Tidings, sqlx::Error> {
    sqlx::query_as!(
        Tidings,
        r#"SELECT
             (SELECT COUNT(*) FROM notifications
              WHERE user_id = ? AND is_deleted = FALSE AND is_read = FALSE AND (expires_at IS NULL OR expires_at > ?))
               AS "unread!: i64",
             EXISTS (SELECT 1 FROM notifications WHERE user_id = ? AND wave IS NULL) AS "unnumbered!: bool",
             (SELECT wave FROM notification_feeds WHERE user_id = ?) AS "wave: u64""#,
        user_id,
        now,
        user_id,
        user_id
    )
    .fetch_one(conn)
    .await
}

/// Makes the next wave of what is there and has no number; answers which one, and whether more is there. To be committed
/// at once: others who look at the same account wait for it.
pub async fn raise(tx: &mut MySqlConnection, user_id: Uuid) -> Result<(u64, bool), sqlx::Error> {
    let known = sqlx::query!("UPDATE notification_feeds SET wave = wave + 1 WHERE user_id = ?", user_id)
        .execute(&mut *tx)
        .await?;
    // Only once: an insertion waits for whoever changes the account.
    if known.rows_affected() == 0 {
        sqlx::query!(
            "INSERT INTO notification_feeds (user_id, wave) VALUES (?, 1) ON DUPLICATE KEY UPDATE wave = wave + 1",
            user_id
        )
        .execute(&mut *tx)
        .await?;
    }
    let wave = sqlx::query_scalar!("SELECT wave FROM notification_feeds WHERE user_id = ?", user_id)
        .fetch_one(&mut *tx)
        .await?;
    // Read without locks: what others have not committed is neither seen nor waited for.
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM notifications WHERE user_id = ? AND wave IS NULL ORDER BY id LIMIT ?"#,
        user_id,
        WAVE
    )
    .fetch_all(&mut *tx)
    .await?;
    if !ids.is_empty() {
        number(tx, wave, &ids).await?;
    }
    Ok((wave, ids.len() == WAVE as usize))
}

async fn number(tx: &mut MySqlConnection, wave: u64, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    let mut update = QueryBuilder::<MySql>::new("UPDATE notifications SET wave = ");
    let mut list = update.push_bind(wave).push(" WHERE id IN (").separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    update.push(")").build().persistent(false).execute(tx).await.map(drop)
}

/// What the bell shows of the rows after a point, in order.
pub async fn following(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    point: Point,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Notification>, sqlx::Error> {
    sqlx::query_as!(
        Notification,
        r#"SELECT id, user_id, title, message, wave, type AS "kind: Enum<Kind>", priority AS "priority: Enum<Priority>",
                  data, action_url, is_read, is_deleted, read_at, expires_at, created_at, updated_at
           FROM notifications
           WHERE user_id = ? AND wave >= ? AND (wave > ? OR id > ?)
             AND is_deleted = FALSE AND (expires_at IS NULL OR expires_at > ?)
           ORDER BY wave, id LIMIT ?"#,
        user_id,
        point.wave,
        point.wave,
        point.id,
        now,
        limit
    )
    .fetch_all(conn)
    .await
}

/// How many rows [`following`] would give, counted up to `most`.
pub async fn waiting(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    point: Point,
    now: DateTime<Utc>,
    most: u32,
) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM (
           SELECT 1 FROM notifications
           WHERE user_id = ? AND wave >= ? AND (wave > ? OR id > ?)
             AND is_deleted = FALSE AND (expires_at IS NULL OR expires_at > ?)
           LIMIT ?) AS waiting",
        user_id,
        point.wave,
        point.wave,
        point.id,
        now,
        most
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unsigned_abs())
}
