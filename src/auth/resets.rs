//! Forgotten passwords.

use serde_json::json;
use uuid::Uuid;

use super::{
    activation,
    journal::{self, Who},
    pace::unhurried,
    secret_links,
    session::end_sessions,
    store,
    told::{PasswordChanged, PasswordResetRequested},
};
use crate::{
    app::AppState,
    audit::acts,
    clock::new_id,
    db::with_retry,
    events::{self, Tx},
    http::{
        RequestContext,
        error::{ApiError, ApiResult},
        limits::{Budget, LimitKey},
    },
    users::{self, PLACEHOLDER_EMAIL, User, rules},
};

/// Reasons of failures, as the audit log names them.
const INACTIVE: &str = "account_inactive";
const UNKNOWN: &str = "user_not_found";

/// Mails a link to choose a new password to an active account. An account that awaits its activation gets a new
/// activation link instead; everybody else gets nothing, and the caller cannot tell the difference.
///
/// # Errors
/// 429, counted alike for known and unknown addresses; 503.
pub async fn request(state: &AppState, email: &str) -> ApiResult<()> {
    let email = rules::normalise_email(email);
    state.limits.check(Budget::PasswordResetIp, &LimitKey::ip(RequestContext::current_ip()))?;
    state.limits.check(Budget::PasswordResetAccount, &LimitKey::account(&email))?;
    unhurried(async {
        let mut conn = state.db.conn().await?;
        let user = users::store::by_email(&mut conn, &email).await?;
        drop(conn);
        with_retry(|| send_link(state, user.as_ref(), &email)).await
    })
    .await
}

async fn send_link(state: &AppState, user: Option<&User>, email: &str) -> ApiResult<()> {
    let who = Who::of(user, email);
    let mut tx = state.begin().await?;
    let refusal = match user {
        Some(user) if user.is_active && user.email != PLACEHOLDER_EMAIL => {
            let requested = PasswordResetRequested { user_id: user.id, request_id: new_id() };
            events::record(&mut tx, requested).await?;
            None
        }
        Some(user) if activation::invite(&mut tx, user).await? => None,
        Some(_) => Some(INACTIVE),
        None => Some(UNKNOWN),
    };
    match refusal {
        None => journal::note(&mut tx, acts::PASSWORD_RESET_REQUEST, &who, None).await?,
        Some(reason) => failed(&mut tx, &who, reason).await?,
    }
    Ok(tx.commit().await?)
}

/// Replaces a forgotten password. All earlier sessions of the account end.
///
/// # Errors
/// 400 `INVALID_TOKEN` for a token that is unknown, used or expired, 400 `ACCOUNT_INACTIVE`, 503.
pub async fn reset(state: &AppState, token: &str, password: &str) -> ApiResult<()> {
    let token_hash = secret_links::hash(token);
    let mut conn = state.db.conn().await?;
    let Some(user_id) = store::reset_owner(&mut conn, &token_hash, state.clock.now()).await? else {
        drop(conn);
        journal::note_failure(state, acts::PASSWORD_RESET_FAILED, &Who::Unknown, "invalid_token").await?;
        return Err(invalid_token());
    };
    drop(conn);
    let password_hash = state.passwords.hash(password).await?;
    let refusal = with_retry(|| replace(state, user_id, &token_hash, &password_hash)).await?;
    end_sessions(state, user_id).await;
    match refusal {
        None => Ok(()),
        Some(INACTIVE) => Err(ApiError::bad_request("ACCOUNT_INACTIVE", "Ce compte n’est pas actif.")),
        Some(_) => Err(invalid_token()),
    }
}

/// The link is used and the password replaced together, by one of those who try; gives the reason of a refusal.
async fn replace(
    state: &AppState,
    user_id: Uuid,
    token_hash: &str,
    password_hash: &str,
) -> ApiResult<Option<&'static str>> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    users::store::lock(&mut tx, user_id).await?;
    let good = store::use_reset_token(&mut tx, token_hash, user_id, now).await?;
    let user = users::store::by_id(&mut tx, user_id).await?;
    let (who, refusal) = match &user {
        None => (Who::Unknown, Some(UNKNOWN)),
        Some(user) if !good => (Who::Account(user), Some("invalid_token")),
        Some(user) if !user.is_active => (Who::Account(user), Some(INACTIVE)),
        Some(user) => (Who::Account(user), None),
    };
    match refusal {
        Some(reason) => failed(&mut tx, &who, reason).await?,
        None => {
            users::store::set_password(&mut tx, user_id, password_hash, now).await?;
            journal::note(&mut tx, acts::PASSWORD_RESET_SUCCESS, &who, None).await?;
            events::record(&mut tx, PasswordChanged { user_id, at: now }).await?;
        }
    }
    tx.commit().await?;
    Ok(refusal)
}

async fn failed(tx: &mut Tx, who: &Who<'_>, reason: &str) -> Result<(), sqlx::Error> {
    journal::note(tx, acts::PASSWORD_RESET_FAILED, who, json!({ "reason": reason })).await
}

fn invalid_token() -> ApiError {
    ApiError::bad_request(
        "INVALID_TOKEN",
        "Ce lien n’est plus valable. Demandez un nouveau lien de réinitialisation.",
    )
}
