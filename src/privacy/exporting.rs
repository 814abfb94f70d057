//! Exports on request: queued, made by a worker after the answer, mailed as a link.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::register::TABLES;
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    clock::day_in_paris,
    db::{
        lease::{self, Failed, Lease},
        with_retry,
    },
    events::{self, Hint},
    exports::{
        archive::{self, Made},
        store::{self, Exports},
        told::{DataExported, ExportFails},
    },
    files::deletions,
    http::{
        ApiResult,
        limits::{Budget, LimitKey},
    },
};

/// How often the table is looked at without a hint.
const POLL: Duration = Duration::from_secs(30);
/// An export is in memory while it is made: one at a time.
const BATCH: u32 = 1;

/// Queues an export of all that is held of the owner of an account; answers when.
///
/// # Errors
/// 429 after too many in a day, 503.
pub async fn request(state: &AppState, user: &SessionUser) -> ApiResult<DateTime<Utc>> {
    let key = LimitKey::user(user.id);
    state.limits.check(Budget::Export, &key)?;
    let queued = with_retry(|| queue(state, user)).await;
    if queued.is_err() {
        // What was not queued is not counted.
        state.limits.give_back(Budget::Export, &key);
    }
    Ok(queued?)
}

async fn queue(state: &AppState, user: &SessionUser) -> Result<DateTime<Utc>, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    store::queue(&mut tx, user.id, now).await?;
    let details = json!({ "export_method": "email", "data_types": data_types() });
    audit::record(&mut tx, acts::USER_DATA_EXPORTED, &user.email, user.id, details).await?;
    tx.hint(Hint::Exports);
    tx.commit().await?;
    Ok(now)
}

/// The sections an export has, as the register names them.
fn data_types() -> Vec<&'static str> {
    let mut names: Vec<_> = TABLES.iter().filter_map(|table| table.section).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Makes exports until told to stop.
///
/// # Errors
/// Never; failures are kept with the export and tried again.
pub async fn run(state: AppState, stop: CancellationToken) -> anyhow::Result<()> {
    let mut hints = state.bus.subscribe();
    loop {
        if let Err(error) = drain(&state).await {
            tracing::error!(%error, "exports of personal data could not be made");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(POLL) => {}
            () = hint(&mut hints) => {}
        }
    }
}

async fn hint(hints: &mut tokio::sync::broadcast::Receiver<Hint>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match hints.recv().await {
            Ok(Hint::Exports) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Makes all exports that are due now; tells how many were.
///
/// # Errors
/// When the database cannot be asked.
pub async fn drain(state: &AppState) -> Result<usize, sqlx::Error> {
    let mut done = 0;
    loop {
        let due: Vec<Lease<Exports>> = lease::claim(&state.db, state.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(done);
        }
        for lease in due {
            if let Err(error) = make(state, &lease).await
                && let Err(unnoted) = note_failure(state, &lease, &error).await
            {
                // Its lease runs out; the others wait for no one.
                tracing::warn!(export = %lease.id, error = %unnoted, "a failed export could not be noted");
            }
            done += 1;
        }
    }
}

async fn make(state: &AppState, lease: &Lease<Exports>) -> anyhow::Result<()> {
    let Some(export) = gather(state, lease).await? else { return Ok(()) };
    let counts = ["totalCommandes", "totalInvoices", "totalMessages"]
        .map(|name| export.get(name).and_then(Value::as_u64).unwrap_or_default());
    let made = archive::keep(state, export).await?;
    let noted = with_retry(|| note_made(state, lease, &made, counts)).await;
    match noted {
        Ok(true) => Ok(()),
        // Erased meanwhile, or made by somebody else; or nobody knows whether the row was written.
        noted => {
            deletions::abandon(state, &made.keys()).await;
            noted?;
            Ok(())
        }
    }
}

/// What is handed out; nothing when the account, or the wish, is gone.
async fn gather(state: &AppState, lease: &Lease<Exports>) -> Result<Option<Value>, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    let Some(user_id) = store::owner(&mut conn, lease.id).await? else { return Ok(None) };
    let Some(subject) = super::subject(&mut conn, user_id).await? else { return Ok(None) };
    super::export(&mut conn, &subject, state.clock.now()).await.map(Some)
}

async fn note_made(
    state: &AppState,
    lease: &Lease<Exports>,
    made: &Made,
    [commandes, factures, messages]: [u64; 3],
) -> Result<bool, sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    if !lease.hold(&mut tx).await? {
        return Ok(false);
    }
    let Some(user_id) = store::owner(&mut tx, lease.id).await? else { return Ok(false) };
    let expires_at = store::set_made(&mut tx, lease, made, now).await?;
    let exported = DataExported {
        user_id,
        id: lease.id,
        day: day_in_paris(now),
        expires_at,
        document_key: made.document.as_ref().map(|document| document.key.clone()),
        commandes,
        factures,
        messages,
    };
    events::record(&mut tx, exported).await?;
    tx.commit().await?;
    Ok(true)
}

async fn note_failure(
    state: &AppState,
    lease: &Lease<Exports>,
    error: &anyhow::Error,
) -> Result<(), sqlx::Error> {
    let (id, attempts) = (lease.id, lease.attempts);
    tracing::warn!(export = %id, error = format!("{error:#}"), attempts, "an export was not made");
    let mut tx = state.begin().await?;
    // The cause is in the log: it may quote what must not rest in a table.
    let failed = lease.fail(&mut tx, state.clock.now(), "not made: see the log").await?;
    if failed == Failed::GivenUp {
        events::record(&mut tx, ExportFails { id, attempts }).await?;
    }
    tx.commit().await
}
