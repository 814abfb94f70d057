//! A password replaced by who knows it.

use serde_json::json;

use super::{
    Verdict,
    service::{self, SignedIn},
    session::end_sessions,
    store,
    told::PasswordChanged,
};
use crate::{
    app::AppState,
    audit::{self, acts},
    db::with_retry,
    events,
    http::{
        error::{ApiError, ApiResult},
        limits::{Budget, LimitKey},
    },
    users::{self, SessionUser, User},
};

/// Replaces the password of an account, given the one it has. Every session ends, this one too; the answer has a new
/// one. Links to choose a new password made before are void.
///
/// # Errors
/// 400 `WRONG_PASSWORD`, 429 after too many of these, 401 when the account is gone, 503.
pub async fn change_password(
    state: &AppState,
    session: &SessionUser,
    current: &str,
    new: &str,
) -> ApiResult<SignedIn> {
    let attempt = state.limits.attempt_in_turn(Budget::PasswordChange, LimitKey::user(session.id)).await?;
    let user = service::account(state, session.id).await?;
    let checked = state.passwords.verify(Some(&user.password_hash), current).await?;
    if checked.verdict == Verdict::Wrong {
        attempt.failed();
        return Err(wrong());
    }
    let hash = state.passwords.hash(new).await?;
    let user = with_retry(|| replace(state, &user, &hash)).await?;
    end_sessions(state, session.id).await;
    service::sign_in(state, user)
}

/// Of two changes, or a change and a reset, at once, one wins: the other knew a password that is none any more.
async fn replace(state: &AppState, known: &User, hash: &str) -> ApiResult<User> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    users::store::lock(&mut tx, known.id).await?;
    let found = users::store::by_id(&mut tx, known.id).await?.filter(|user| user.is_active);
    let mut user = found.ok_or_else(users::service::gone)?;
    if user.password_hash != known.password_hash {
        return Err(wrong());
    }
    users::store::set_password(&mut tx, user.id, hash, now).await?;
    store::void_reset_tokens(&mut tx, user.id, now).await?;
    let details = json!({ "method": "self_service" });
    audit::record(&mut tx, acts::PASSWORD_CHANGE, &user.email, user.id, details).await?;
    events::record(&mut tx, PasswordChanged { user_id: user.id, at: now }).await?;
    tx.commit().await?;
    user.token_version = user.token_version.wrapping_add(1);
    Ok(user)
}

fn wrong() -> ApiError {
    ApiError::bad_request("WRONG_PASSWORD", "Le mot de passe actuel est incorrect.")
}
