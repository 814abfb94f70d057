//! Who fetched which document: one audit row per person, document and quarter of an hour, however many ranges it took.

use chrono::{DateTime, Duration, DurationRound, Utc};
use serde_json::Value;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    app::AppState,
    audit::{self, Act},
    db::{violates, with_retry},
    jobs::BATCH,
};

/// The time during which fetching the same document again is not another act.
const QUARTER: Duration = Duration::minutes(15);

/// How long it is remembered that an act was noted.
pub(super) const KEPT: Duration = Duration::days(1);

/// A document that was fetched.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The account that fetched it.
    pub reader_id: Uuid,
    /// The document.
    pub document_id: Uuid,
    /// What fetching it is called.
    pub act: Act,
    /// What a reader of the audit log needs to know.
    pub details: Option<Value>,
}

/// Notes a fetch, unless the same person fetched the same document in this quarter of an hour.
///
/// # Errors
/// When the database refuses.
pub async fn note(state: &AppState, fetch: Fetch) -> Result<(), sqlx::Error> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        if !is_first(&mut tx, &fetch, state.clock.now()).await? {
            return Ok(());
        }
        let reader = tx.person(fetch.reader_id).await?;
        let actor = reader.as_ref().map_or("unknown", |person| person.email.as_str());
        audit::record(&mut tx, fetch.act, actor, fetch.document_id, fetch.details.clone()).await?;
        tx.commit().await
    })
    .await
}

/// Takes the fetch for the first of its quarter, once.
async fn is_first(
    conn: &mut MySqlConnection,
    fetch: &Fetch,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO document_fetches (document_id, reader_id, quarter) VALUES (?, ?, ?)",
        fetch.document_id,
        fetch.reader_id,
        now.duration_trunc(QUARTER).unwrap_or(now)
    )
    .execute(conn)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if violates(&error, "document_fetches_once") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Forgets which fetches were noted, once nothing can repeat them.
pub(super) async fn delete_old(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    sqlx::query!("DELETE FROM document_fetches WHERE quarter < ? LIMIT ?", before, BATCH)
        .execute(conn)
        .await
        .map(|done| done.rows_affected())
}
