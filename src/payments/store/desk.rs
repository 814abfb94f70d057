//! SQL of the administrators' list of events.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::MySqlConnection;

use super::EventStatus;
use crate::{
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
    },
    http::{Page, list::Words},
};

columns! {
    /// A received event, without what it says.
    #[allow(missing_docs, reason = "the columns of the table")]
    pub struct InboxEvent {
        /// `evt_...`.
        pub id: String,
        /// Such as `checkout.session.completed`.
        pub kind: String = "type",
        pub status: Enum<EventStatus>,
        /// What it speaks of.
        pub object_id: Option<String>,
        /// The payment it waits for.
        pub awaits: Option<String>,
        pub attempts: u32,
        pub last_error: Option<String>,
        pub next_attempt_at: Option<DateTime<Utc>>,
        pub received_at: DateTime<Utc>,
        pub processed_at: Option<DateTime<Utc>>,
        pub discarded_at: Option<DateTime<Utc>>,
        /// Why it was given up.
        pub comment: Option<String>,
    }
}

/// Which events to list.
#[derive(Clone, Debug, Default, Hash)]
pub struct EventFilter {
    /// Those that stand there.
    pub status: Option<EventStatus>,
    /// Those of this type.
    pub kind: Option<String>,
    /// Those whose id, or whose object's, has these words.
    pub words: Words,
    /// Those of this day in France, and later ones.
    pub first: Option<NaiveDate>,
    /// Those of this day in France, and earlier ones.
    pub last: Option<NaiveDate>,
}

impl EventFilter {
    fn keep(&self, select: Select) -> Select {
        select
            .and_eq_some("status", self.status)
            .and_eq_some("type", self.kind.clone())
            .and_words(&["id", "object_id"], &self.words)
            .and_days("received_at", self.first, self.last)
    }
}

/// Up to [`Page::fetch`] events of a page, the newest first.
pub async fn event_page(
    conn: &mut MySqlConnection,
    filter: &EventFilter,
    page: Page,
) -> Result<Vec<InboxEvent>, sqlx::Error> {
    filter
        .keep(Select::of::<InboxEvent>("stripe_events"))
        .order_by(&["received_at", "id"], Direction::Desc)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many events are meant.
pub async fn count_events(conn: &mut MySqlConnection, filter: &EventFilter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM stripe_events")).count(conn).await
}

/// How many events stand where.
pub async fn events_by_status(conn: &mut MySqlConnection) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT CAST(status AS CHAR) AS "name!: String", COUNT(*) AS "events!: u64" FROM stripe_events GROUP BY status"#
    )
    .fetch_all(conn)
    .await?;
    Ok(counts.into_iter().map(|row| (row.name, row.events)).collect())
}

/// An event.
pub async fn event(conn: &mut MySqlConnection, id: &str) -> Result<Option<InboxEvent>, sqlx::Error> {
    Ok(Select::of::<InboxEvent>("stripe_events").and_eq("id", id).rows(conn).await?.pop())
}

/// An event, locked: nobody applies it meanwhile.
pub async fn lock_event(conn: &mut MySqlConnection, id: &str) -> Result<Option<InboxEvent>, sqlx::Error> {
    sqlx::query!("SELECT id FROM stripe_events WHERE id = ? FOR UPDATE", id)
        .fetch_optional(&mut *conn)
        .await?;
    event(conn, id).await
}

/// Makes an event that was not applied one that somebody is trying until then; false for any other.
pub async fn take_over(
    conn: &mut MySqlConnection,
    id: &str,
    until: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let taken = sqlx::query!(
        "UPDATE stripe_events SET status = 'FAILED', next_attempt_at = ?
         WHERE id = ? AND status IN ('FAILED', 'UNMATCHED', 'PARKED')",
        until,
        id
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives an event up that was not applied, and keeps of it what reconciles money; false for any other.
pub async fn discard_event(
    conn: &mut MySqlConnection,
    id: &str,
    payload: &str,
    comment: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE stripe_events SET status = 'DISCARDED', next_attempt_at = NULL, payload = ?, comment = ?, discarded_at = ?
         WHERE id = ? AND status IN ('FAILED', 'UNMATCHED', 'PARKED')",
        payload,
        comment,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
