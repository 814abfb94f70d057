//! What administrators read of the log. Each look at it is a row of it.

use serde_json::{Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Act, acts, record_alone,
    store::{self, AuditSort, Entry, Filter},
};
use crate::{
    app::AppState,
    http::{
        ApiResult, Page,
        list::{Listing, Sort, Tally},
    },
};

/// Actors that a search names one by one; one that finds more of them finds its rows soon in the order of time.
const ACTORS: u32 = 50;

/// Acts told of as the most frequent ones.
const TOP: usize = 10;

/// How many rows the log has of each kind.
pub struct Counts(Tally);

impl Counts {
    /// Rows by how much they matter: only those there are.
    pub fn by_severity(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter(|(name, _)| !name.starts_with(':')).map(|(name, rows)| (name.as_str(), *rows))
    }

    /// Acts and how often each was recorded.
    fn acts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter_map(|(name, rows)| Some((name.strip_prefix(':')?, *rows)))
    }

    /// The most frequent acts, and how often each was recorded.
    pub fn top_acts(&self) -> Vec<(&str, u64)> {
        let mut acts: Vec<_> = self.acts().collect();
        acts.sort_by(|(a, a_rows), (b, b_rows)| b_rows.cmp(a_rows).then(a.cmp(b)));
        acts.truncate(TOP);
        acts
    }
}

/// What is asked of the log.
pub struct Asked {
    /// Which rows.
    pub filter: Filter,
    /// Part of the name of an act, in any case.
    pub action: Option<String>,
    /// The query as it was sent, for the record.
    pub query: Value,
}

/// A page of the log, and what it has in all.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    state: &AppState,
    admin: &str,
    asked: Asked,
    sort: Sort<AuditSort>,
    page: Page,
) -> ApiResult<(Listing<Entry>, Counts)> {
    let details = json!({ "action": "LIST_AUDIT_LOGS", "filters": asked.query });
    record_alone(state, acts::AUDIT_LOGS_ACCESSED, admin, None::<Uuid>, details).await?;
    let read = async {
        let mut conn = state.db.conn().await?;
        let counts = Counts(state.totals.tally("audit", store::tally(&mut conn)).await?);
        let filter = with_actors(&mut conn, named(asked, &counts)).await?;
        let rows = store::page(&mut conn, &filter, sort, page).await?;
        let count = store::count(&mut conn, &filter);
        let listing = state.totals.listing("audit", &filter, page, rows, count).await?;
        conn.release();
        Ok((listing, counts))
    };
    noting(state, admin, acts::AUDIT_LOGS_ACCESS_ERROR, read.await).await
}

/// The filter of what was asked: part of a name becomes the names that have it.
fn named(asked: Asked, counts: &Counts) -> Filter {
    let Asked { mut filter, action, .. } = asked;
    filter.actions = action.map(|part| {
        let part = part.to_uppercase();
        let known = acts::ALL.iter().map(|act| act.name).chain(counts.acts().map(|(name, _)| name));
        let mut names: Vec<_> =
            known.filter(|name| name.to_uppercase().contains(&part)).map(str::to_owned).collect();
        // A name that is whole is meant alone, although another begins with it.
        if names.contains(&part) {
            return vec![part];
        }
        names.sort_unstable();
        names.dedup();
        names
    });
    filter
}

/// The same filter, with the few actors whom a search finds in the place of its words: of somebody who acted once, the
/// row is not looked for among all others.
async fn with_actors(conn: &mut MySqlConnection, mut filter: Filter) -> Result<Filter, sqlx::Error> {
    if filter.actor.is_empty() {
        return Ok(filter);
    }
    let found = store::actors(conn, &filter.actor, ACTORS + 1).await?;
    if found.len() <= ACTORS as usize {
        filter.actor.clear();
        filter.actors = Some(found);
    }
    Ok(filter)
}

/// The figures of the log.
pub struct Figures {
    /// Rows in all, of the last day, week and month.
    pub totals: [u64; 4],
    /// Rows by kind.
    pub counts: Counts,
    /// Rows of each day of the last week, in UTC.
    pub days: Tally,
}

/// The figures of the log.
///
/// # Errors
/// When the database refuses.
pub async fn figures(state: &AppState, admin: &str) -> ApiResult<Figures> {
    let details = json!({ "action": "VIEW_AUDIT_STATS" });
    record_alone(state, acts::AUDIT_STATS_ACCESSED, admin, None::<Uuid>, details).await?;
    let now = state.clock.now();
    let read = async {
        let mut conn = state.db.conn().await?;
        let counts = Counts(state.totals.tally("audit", store::tally(&mut conn)).await?);
        let overview = state.totals.tally("audit_overview", store::overview(&mut conn, now)).await?;
        let days = state.totals.tally("audit_days", store::daily(&mut conn, now)).await?;
        conn.release();
        let total = |name| overview.iter().find(|(known, _)| known == name).map_or(0, |(_, rows)| *rows);
        Ok(Figures { totals: ["total", "day", "week", "month"].map(total), counts, days })
    };
    noting(state, admin, acts::AUDIT_STATS_ERROR, read.await).await
}

/// The filter of an export, which is put on record.
///
/// # Errors
/// When the database refuses.
pub async fn exporting(state: &AppState, admin: &str, format: &str, asked: Asked) -> ApiResult<Filter> {
    let details = json!({ "action": "EXPORT_AUDIT_LOGS", "format": format, "filters": asked.query });
    record_alone(state, acts::AUDIT_LOGS_EXPORTED, admin, None::<Uuid>, details).await?;
    let read = async {
        let mut conn = state.db.conn().await?;
        let counts = Counts(state.totals.tally("audit", store::tally(&mut conn)).await?);
        let filter = with_actors(&mut conn, named(asked, &counts)).await?;
        conn.release();
        Ok(filter)
    };
    noting(state, admin, acts::AUDIT_LOGS_EXPORT_ERROR, read.await).await
}

/// Passes an outcome on; a failure of ours is put on record as far as the database still can.
///
/// # Errors
/// That of the outcome.
pub async fn noting<T>(state: &AppState, admin: &str, act: Act, outcome: ApiResult<T>) -> ApiResult<T> {
    if let Err(error) = &outcome
        && error.status().is_server_error()
    {
        let details = json!({ "error": error.code() });
        if let Err(error) = record_alone(state, act, admin, None::<Uuid>, details).await {
            tracing::warn!(%error, act = act.name, "a failure cannot be put on record");
        }
    }
    outcome
}
