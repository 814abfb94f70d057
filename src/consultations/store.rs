//! SQL of the booked calls.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Call, Source, Status};
use crate::{
    db::{
        columns::columns,
        filter::{Enum, Select},
    },
    http::{
        Page,
        list::{Sort, SortKey, Words, sorts},
    },
};

/// The key that lets a slot be booked once.
pub const SLOT_KEY: &str = "consultations_slot";

/// A booking to record.
pub struct NewCall<'a> {
    /// Whom, when, and its id.
    pub call: &'a Call,
    /// When its reminder leaves, if it needs one.
    pub remind_at: Option<DateTime<Utc>>,
    /// What they say of it.
    pub message: Option<&'a str>,
    /// Where they booked.
    pub source: Source,
}

/// Records a booking, which takes its slot: [`SLOT_KEY`] is violated when another one holds it.
pub async fn insert(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: &NewCall<'_>,
) -> Result<(), sqlx::Error> {
    let call = new.call;
    sqlx::query!(
        "INSERT INTO consultations
           (id, first_name, last_name, email, phone, starts_at, slot, remind_at, message, source, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        call.id,
        call.first_name,
        call.last_name,
        call.email,
        call.phone,
        call.starts_at,
        call.starts_at,
        new.remind_at,
        new.message,
        new.source,
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes which message of the conversation a booking is.
pub async fn set_message(conn: &mut MySqlConnection, id: Uuid, message_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE consultations SET message_id = ? WHERE id = ?", message_id, id)
        .execute(conn)
        .await
        .map(drop)
}

/// The slots that are taken from `from` on, before `until`.
pub async fn taken(
    conn: &mut MySqlConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT slot AS "slot!: DateTime<Utc>" FROM consultations WHERE slot >= ? AND slot < ?"#,
        from,
        until
    )
    .fetch_all(conn)
    .await
}

/// How many calls to come someone has.
pub async fn upcoming_of(
    conn: &mut MySqlConnection,
    email: &str,
    now: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT COUNT(*) FROM consultations WHERE email = ? AND slot > ?", email, now)
        .fetch_one(conn)
        .await
}

/// A booking as its page shows it.
pub struct Booked {
    pub id: Uuid,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: String,
    pub starts_at: DateTime<Utc>,
    pub sequence: u32,
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl From<Booked> for Call {
    fn from(row: Booked) -> Self {
        let Booked { id, first_name, last_name, email, phone, starts_at, sequence, .. } = row;
        Self { id, first_name, last_name, email, phone, starts_at, sequence }
    }
}

/// A booking.
pub async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Booked>, sqlx::Error> {
    sqlx::query_as!(
        Booked,
        r#"SELECT id, first_name, last_name, email, phone, starts_at, sequence,
                  cancelled_at AS "cancelled_at: DateTime<Utc>"
           FROM consultations WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// A booking, locked until the transaction ends.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Booked>, sqlx::Error> {
    sqlx::query_as!(
        Booked,
        r#"SELECT id, first_name, last_name, email, phone, starts_at, sequence,
                  cancelled_at AS "cancelled_at: DateTime<Utc>"
           FROM consultations WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Moves a booking to another slot, which it takes as [`insert`] does.
pub async fn move_to(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    call: &Call,
    remind_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE consultations SET starts_at = ?, slot = ?, remind_at = ?, sequence = ?, updated_at = ? WHERE id = ?",
        call.starts_at,
        call.starts_at,
        remind_at,
        call.sequence,
        now,
        call.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Cancels a booking, which gives its slot back.
pub async fn cancel(conn: &mut MySqlConnection, now: DateTime<Utc>, call: &Call) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE consultations SET slot = NULL, remind_at = NULL, cancelled_at = ?, sequence = ?, updated_at = ?
         WHERE id = ?",
        now,
        call.sequence,
        now,
        call.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A booking whose reminder is due, locked: one that no other worker is at.
pub async fn due_for_reminder(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
) -> Result<Option<Booked>, sqlx::Error> {
    sqlx::query_as!(
        Booked,
        r#"SELECT id, first_name, last_name, email, phone, starts_at, sequence,
                  cancelled_at AS "cancelled_at: DateTime<Utc>"
           FROM consultations FORCE INDEX (consultations_remind)
           WHERE remind_at <= ? ORDER BY remind_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"#,
        now
    )
    .fetch_optional(conn)
    .await
}

/// Notes that a booking needs no reminder any more.
pub async fn reminded(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE consultations SET remind_at = NULL WHERE id = ?", id).execute(conn).await.map(drop)
}

/// Which requests to list.
#[derive(Default, Hash)]
pub struct Filter {
    /// Only those that stand there.
    pub status: Option<Status>,
    /// Only cancelled ones, or only the others.
    pub cancelled: Option<bool>,
    /// Only calls of this day or later.
    pub first: Option<NaiveDate>,
    /// Only calls of this day or earlier.
    pub last: Option<NaiveDate>,
    /// Only those with each of these words in a name or in the address.
    pub words: Words,
}

sorts! {
    /// How requests are ordered.
    pub enum RequestSort: id "c.id", default CreatedAt Desc {
        CreatedAt: "createdAt" => "c.created_at";
        StartsAt: "startsAt" => "c.starts_at";
    }
}

columns! {
    /// A request as the team sees it.
    pub struct Request {
        pub id: Uuid = "c.id",
        pub message_id: Option<Uuid> = "c.message_id",
        pub conversation_id: Option<Uuid> = "m.conversation_id",
        pub first_name: String = "c.first_name",
        pub last_name: String = "c.last_name",
        pub email: String = "c.email",
        pub phone: String = "c.phone",
        pub starts_at: DateTime<Utc> = "c.starts_at",
        pub sequence: u32 = "c.sequence",
        pub message: Option<String> = "c.message",
        pub source: Enum<Source> = "c.source",
        pub status: Enum<Status> = "c.status",
        pub admin_note: Option<String> = "c.admin_note",
        pub processed_at: Option<DateTime<Utc>> = "c.processed_at",
        pub cancelled_at: Option<DateTime<Utc>> = "c.cancelled_at",
        pub created_at: DateTime<Utc> = "c.created_at",
        pub updated_at: DateTime<Utc> = "c.updated_at",
    }
}

const FROM: &str = "consultations c LEFT JOIN messages m ON m.id = c.message_id";

/// Rows for a page of requests.
pub async fn requests(
    conn: &mut MySqlConnection,
    filter: &Filter,
    sort: Sort<RequestSort>,
    page: Page,
) -> Result<Vec<Request>, sqlx::Error> {
    filter
        .keep(Select::of::<Request>(FROM))
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many requests the filter keeps.
pub async fn count_requests(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM consultations c")).count(conn).await
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        let select = match self.cancelled {
            Some(true) => select.and("c.cancelled_at IS NOT NULL"),
            Some(false) => select.and("c.cancelled_at IS NULL"),
            None => select,
        };
        select
            .and_eq_some("c.status", self.status)
            .and_days("c.starts_at", self.first, self.last)
            .and_words(&["c.first_name", "c.last_name", "c.email"], &self.words)
    }
}

/// One request, by its own id.
pub async fn request(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Request>, sqlx::Error> {
    let rows = Select::of::<Request>(FROM).and_eq("c.id", id).rows(conn).await?;
    Ok(rows.into_iter().next())
}

/// The request of an id, its own or that of the message it is, locked: its id, and whether nobody processed it yet.
pub async fn lock_request(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<(Uuid, bool)>, sqlx::Error> {
    let by_message = sqlx::query_scalar!("SELECT id FROM consultations WHERE message_id = ?", id)
        .fetch_optional(&mut *conn)
        .await?;
    let row = sqlx::query!(
        r#"SELECT id, processed_at IS NULL AS "fresh!: bool" FROM consultations WHERE id = ? FOR UPDATE"#,
        by_message.unwrap_or(id)
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.fresh)))
}

/// Writes where a request stands. A note that is absent stays as it was, an empty one goes.
pub async fn process(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    id: Uuid,
    status: Status,
    note: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE consultations
         SET status = ?, admin_note = NULLIF(COALESCE(?, admin_note), ''), processed_at = ?, updated_at = ?
         WHERE id = ?",
        status,
        note,
        now,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}
