//! Erasing an account: what surrounds [`super::erase`], whoever asks.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::erasures;
use crate::{
    app::AppState,
    audit::{self, SYSTEM, acts},
    auth::end_sessions,
    db::with_retry,
    http::ApiResult,
    users::last_admin,
};

/// Why an account is erased.
#[derive(Clone, Copy, Debug)]
pub enum Reason<'a> {
    /// Its owner asks.
    Own,
    /// An administrator, by this address, decided.
    Team(&'a str),
    /// It was erased at this instant, and a backup brought it back.
    Restored(DateTime<Utc>),
}

/// Erases an account for good, writes down that it was erased, and ends its sessions; tells whether there was one. The
/// audit row names the account by the address it has afterwards: nobody's.
///
/// # Errors
/// 409 `LAST_ADMIN` unless a backup is put right, 503.
pub async fn erase_account(state: &AppState, id: Uuid, reason: Reason<'_>) -> ApiResult<bool> {
    if !with_retry(|| erase_once(state, id, reason)).await? {
        return Ok(false);
    }
    end_sessions(state, id).await;
    if let Err(error) = erasures::write_down(state).await {
        // The job tries again, and tells the team when it keeps failing.
        tracing::warn!(error = format!("{error:#}"), "an erasure is not in the file of erasures yet");
    }
    Ok(true)
}

async fn erase_once(state: &AppState, id: Uuid, reason: Reason<'_>) -> ApiResult<bool> {
    let mut tx = state.begin().await?;
    if !matches!(reason, Reason::Restored(_)) {
        last_admin::refuse(&mut tx, id).await?;
    }
    let Some(subject) = super::erase(&mut tx, id, state.clock.now()).await? else { return Ok(false) };
    let nobody = subject.erased_email();
    let (actor, details) = match reason {
        Reason::Own => (nobody.as_str(), json!({ "reason": "RGPD_REQUEST", "method": "self_deletion" })),
        Reason::Team(by) => (by, json!({ "reason": "RGPD_REQUEST", "method": "administration" })),
        Reason::Restored(at) => (SYSTEM, json!({ "reason": "RESTORED_BACKUP", "erased_at": at })),
    };
    audit::record(&mut tx, acts::USER_DELETED, actor, id, details).await?;
    tx.commit().await?;
    Ok(true)
}
