//! SQL of those who read the log.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Severity, Target};
use crate::{
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
    },
    http::{
        Page,
        list::{Sort, SortKey, sorts},
    },
};

columns! {
    /// A row of the log, as administrators read it.
    #[allow(missing_docs, reason = "the columns of the table")]
    pub struct Entry {
        pub id: Uuid,
        pub timestamp: DateTime<Utc>,
        pub actor_email: String,
        pub action: String,
        pub target_type: Enum<Target>,
        pub target_id: Option<String>,
        pub details: Option<String>,
        pub ip_address: Option<String>,
        pub user_agent: Option<String>,
        pub severity: Enum<Severity>,
    }
}

sorts! {
    /// How the log is ordered.
    pub enum AuditSort: id "id", default Timestamp Desc {
        Timestamp: "timestamp" | "createdAt" => "timestamp";
        Action: "action" => "action", "timestamp";
        Actor: "adminEmail" => "actor_email", "timestamp";
        Severity: "severity" => "severity", "timestamp";
        Target: "targetType" => "target_type", "timestamp";
    }
}

/// Which rows are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Those of these acts.
    pub actions: Option<Vec<String>>,
    /// Those whose actor has each of these in their address.
    pub actor: Vec<String>,
    /// Those of these actors.
    pub actors: Option<Vec<String>>,
    /// Those that matter so much.
    pub severity: Option<Severity>,
    /// Those about such things.
    pub target: Option<Target>,
    /// Those of this day in France, and later ones.
    pub first: Option<NaiveDate>,
    /// Those of this day in France, and earlier ones.
    pub last: Option<NaiveDate>,
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        let select = among(select, "action", self.actions.as_deref());
        among(select, "actor_email", self.actors.as_deref())
            .and_words(&["actor_email"], &self.actor)
            .and_eq_some("severity", self.severity)
            .and_eq_some("target_type", self.target)
            .and_days("timestamp", self.first, self.last)
    }
}

/// Keeps the rows whose column is one of these. One alone is a range of an index, in the order of time.
fn among(select: Select, column: &'static str, values: Option<&[String]>) -> Select {
    match values {
        None => select,
        Some([value]) => select.and_eq(column, value.clone()),
        Some(values) => select.and_in(column, values.iter().cloned()),
    }
}

columns! {
    /// Somebody who acted.
    struct Actor {
        email: String = "DISTINCT actor_email",
    }
}

/// The addresses that have all these words, up to `limit`: read from an index alone.
pub async fn actors(
    conn: &mut MySqlConnection,
    words: &[String],
    limit: u32,
) -> Result<Vec<String>, sqlx::Error> {
    let select = Select::of::<Actor>("audit_logs").and_words(&["actor_email"], words);
    let found: Vec<Actor> =
        select.order_by(&["actor_email"], Direction::Asc).window(limit, 0).rows(conn).await?;
    Ok(found.into_iter().map(|actor| actor.email).collect())
}

/// Up to [`Page::fetch`] rows of a page.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: &Filter,
    sort: Sort<AuditSort>,
    page: Page,
) -> Result<Vec<Entry>, sqlx::Error> {
    filter
        .keep(Select::of::<Entry>("audit_logs"))
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// The rows that come after this one, the newest first.
pub async fn following(
    conn: &mut MySqlConnection,
    filter: &Filter,
    last: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<Entry>, sqlx::Error> {
    let select = filter.keep(Select::of::<Entry>("audit_logs"));
    let select = match last {
        Some((at, id)) => select.and_before(["timestamp", "id"], at, id),
        None => select,
    };
    select.order_by(&["timestamp", "id"], Direction::Desc).window(limit, 0).rows(conn).await
}

/// How many rows are meant.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM audit_logs")).count(conn).await
}

/// Rows by how much they matter, and by act; the acts behind a colon.
pub async fn tally(conn: &mut MySqlConnection) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT CAST(severity AS CHAR) AS "name!: String", COUNT(*) AS "rows!: u64" FROM audit_logs GROUP BY severity
           UNION ALL
           SELECT CONCAT(':', action), COUNT(*) FROM audit_logs GROUP BY action"#
    )
    .fetch_all(conn)
    .await?;
    Ok(counts.into_iter().map(|row| (row.name, row.rows)).collect())
}

/// Rows in all, of the last day, week and month.
pub async fn overview(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT (SELECT COUNT(*) FROM audit_logs) AS "total!: u64",
                  (SELECT COUNT(*) FROM audit_logs WHERE timestamp >= ?) AS "day!: u64",
                  (SELECT COUNT(*) FROM audit_logs WHERE timestamp >= ?) AS "week!: u64",
                  (SELECT COUNT(*) FROM audit_logs WHERE timestamp >= ?) AS "month!: u64""#,
        now - TimeDelta::days(1),
        now - TimeDelta::days(7),
        now - TimeDelta::days(30)
    )
    .fetch_one(conn)
    .await?;
    let named =
        [("total", counts.total), ("day", counts.day), ("week", counts.week), ("month", counts.month)];
    Ok(named.map(|(name, rows)| (name.to_owned(), rows)).into())
}

/// Rows of each day of the last week, in UTC.
pub async fn daily(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT DATE_FORMAT(timestamp, '%Y-%m-%d') AS "day!: String", COUNT(*) AS "rows!: u64"
           FROM audit_logs WHERE timestamp >= ? GROUP BY 1 ORDER BY 1"#,
        now - TimeDelta::days(7)
    )
    .fetch_all(conn)
    .await?;
    Ok(counts.into_iter().map(|row| (row.day, row.rows)).collect())
}
