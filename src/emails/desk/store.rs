//! SQL of the administrators' outbox.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
    },
    http::{Page, list::Words},
};

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = MailStatus)]
pub enum Status {
    /// It waits, or is on its way.
    Pending,
    /// It left.
    Sent,
    /// It was given up.
    Dead,
}

columns! {
    /// A mail of the outbox.
    #[allow(missing_docs, reason = "the columns of the table")]
    pub struct StoredMail {
        pub id: Uuid,
        pub template: String,
        pub to_email: String,
        pub to_name: Option<String>,
        pub status: Enum<Status>,
        pub attempts: u32,
        pub next_attempt_at: Option<DateTime<Utc>>,
        pub last_error: Option<String>,
        pub sent_at: Option<DateTime<Utc>>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

/// Which mails to list.
#[derive(Clone, Debug, Default, Hash)]
pub struct Filter {
    /// Those that stand there.
    pub status: Option<Status>,
    /// Those of this kind.
    pub template: Option<String>,
    /// Those to this address.
    pub to: Option<String>,
    /// Those to whose address or name has these words.
    pub words: Words,
    /// Those of this day in France, and later ones.
    pub first: Option<NaiveDate>,
    /// Those of this day in France, and earlier ones.
    pub last: Option<NaiveDate>,
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        select
            .and_eq_some("status", self.status)
            .and_eq_some("template", self.template.clone())
            .and_eq_some("to_email", self.to.clone())
            .and_words(&["to_email", "to_name"], &self.words)
            .and_days("created_at", self.first, self.last)
    }
}

/// Up to [`Page::fetch`] mails of a page, the newest first.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: &Filter,
    page: Page,
) -> Result<Vec<StoredMail>, sqlx::Error> {
    filter
        .keep(Select::of::<StoredMail>("email_outbox"))
        .order_by(&["created_at", "id"], Direction::Desc)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many mails are meant.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM email_outbox")).count(conn).await
}

/// How many mails stand where.
pub async fn by_status(conn: &mut MySqlConnection) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT CAST(status AS CHAR) AS "name!: String", COUNT(*) AS "mails!: u64" FROM email_outbox GROUP BY status"#
    )
    .fetch_all(conn)
    .await?;
    Ok(counts.into_iter().map(|row| (row.name, row.mails)).collect())
}

/// A mail.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<StoredMail>, sqlx::Error> {
    Ok(Select::of::<StoredMail>("email_outbox").and_eq("id", id).rows(conn).await?.pop())
}

/// A mail, locked: no worker settles it meanwhile.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<StoredMail>, sqlx::Error> {
    sqlx::query!("SELECT id FROM email_outbox WHERE id = ? FOR UPDATE", id)
        .fetch_optional(&mut *conn)
        .await?;
    one(conn, id).await
}

/// What a mail is made of.
pub struct Content {
    /// The typed mail.
    pub payload: Value,
    /// Stored objects to attach.
    pub attachments: Option<Value>,
}

/// What a mail is made of.
pub async fn content(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Content>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT payload AS "payload: Json<Value>", attachments AS "attachments: Json<Value>"
           FROM email_outbox WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Content { payload: row.payload.0, attachments: row.attachments.map(|json| json.0) }))
}

/// Queues a mail that was given up, as if it were new; tells whether it was given up.
pub async fn revive(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE email_outbox SET status = 'PENDING', attempts = 0, next_attempt_at = ?, last_error = NULL, updated_at = ?
         WHERE id = ? AND status = 'DEAD'",
        now,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
