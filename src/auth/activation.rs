//! Accounts born from guest orders: their owner chooses a password through a mailed link.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    journal::{self, Who},
    pace::unhurried,
    secret_links,
    service::{self, SignedIn},
    store, tickets,
    told::{AccountActivated, AccountInvited, ActivationRenewed},
};
use crate::{
    app::AppState,
    audit::acts,
    clock::new_id,
    db::with_retry,
    events,
    http::{
        RequestContext,
        error::{ApiError, ApiResult},
        limits::{Budget, LimitKey},
    },
    users::{self, User, rules},
};

/// How long before the end of a link its owner is reminded of it.
const REMINDED_BEFORE: TimeDelta = TimeDelta::hours(12);

/// What an activation link opens.
pub struct Invitation {
    /// The account; active already once the link has served.
    pub user: User,
    /// End of validity of the link.
    pub expires_at: DateTime<Utc>,
}

/// An account that was just activated, and its session.
pub struct Activated {
    /// The account and its session.
    pub signed_in: SignedIn,
    /// Logs in once more within a minute, see [`tickets`].
    pub ticket: String,
}

/// Looks a link up without changing anything. One that has served says that the account is active.
///
/// # Errors
/// 400 `INVALID_TOKEN` for a link that is unknown or expired, 400 `ACCOUNT_DISABLED`, 404 when the account is gone,
/// 503.
pub async fn look_up(state: &AppState, token: &str) -> ApiResult<Invitation> {
    let mut conn = state.db.conn().await?;
    let found = store::activation_token(&mut conn, &secret_links::hash(token), state.clock.now()).await?;
    let found = found.ok_or_else(invalid_token)?;
    let user = users::store::by_id(&mut conn, found.user_id).await?.ok_or_else(gone)?;
    if user.deactivated_by.is_some() {
        return Err(disabled());
    }
    if found.used && !user.is_active {
        return Err(invalid_token());
    }
    Ok(Invitation { user, expires_at: found.expires_at })
}

/// Activates the account of a link with its first password, and logs it in.
///
/// # Errors
/// As [`look_up`], and 400 `ALREADY_ACTIVE`.
pub async fn activate(state: &AppState, token: &str, password: &str) -> ApiResult<Activated> {
    let invitation = look_up(state, token).await?;
    if invitation.user.is_active {
        return Err(already_active());
    }
    let (user_id, token_hash) = (invitation.user.id, secret_links::hash(token));
    let password_hash = state.passwords.hash(password).await?;
    let (user, ticket) = with_retry(|| open(state, user_id, &token_hash, &password_hash)).await?;
    state.sessions.forget(user_id).await;
    Ok(Activated { signed_in: service::sign_in(state, user)?, ticket })
}

/// The link is used, the account opened with its ticket, and the news recorded together, by one of those who try.
async fn open(
    state: &AppState,
    user_id: Uuid,
    token_hash: &str,
    password_hash: &str,
) -> ApiResult<(User, String)> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    users::store::lock(&mut tx, user_id).await?;
    if !store::use_activation_token(&mut tx, token_hash, user_id, now).await? {
        return Err(invalid_token());
    }
    let activated = users::store::activate(&mut tx, user_id, password_hash, now).await?;
    let user = users::store::by_id(&mut tx, user_id).await?.ok_or_else(gone)?;
    if !activated {
        return Err(if user.is_active { already_active() } else { disabled() });
    }
    journal::note(&mut tx, acts::ACCOUNT_ACTIVATED, &Who::Account(&user), None).await?;
    events::record(&mut tx, AccountActivated { user_id }).await?;
    let ticket = tickets::issue(&mut tx, &user, now).await?;
    tx.commit().await?;
    Ok((user, ticket))
}

/// Mails a new activation link to an account that awaits one. Everybody else gets nothing, and the caller cannot tell
/// the difference.
///
/// # Errors
/// 429 for the caller's address alone, 503.
pub async fn resend(state: &AppState, email: &str) -> ApiResult<()> {
    let email = rules::normalise_email(email);
    state.limits.check(Budget::PublicForm, &LimitKey::ip(RequestContext::current_ip()))?;
    // Many addresses asking for one account would fill its mailbox.
    let wanted = state.limits.check(Budget::PasswordResetAccount, &LimitKey::account(&email)).is_ok();
    unhurried(async {
        let mut conn = state.db.conn().await?;
        let user = users::store::by_email(&mut conn, &email).await?;
        drop(conn);
        match user.filter(|_| wanted) {
            Some(user) => with_retry(|| invite_again(state, &user)).await,
            None => Ok(()),
        }
    })
    .await
}

async fn invite_again(state: &AppState, user: &User) -> ApiResult<()> {
    let mut tx = state.begin().await?;
    if invite(&mut tx, user).await? {
        journal::note(&mut tx, acts::ACTIVATION_REQUEST, &Who::Account(user), None).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Reminds the owners of dormant accounts whose only link is about to expire, each once; tells how many.
///
/// # Errors
/// When the database refuses.
pub(super) async fn remind(state: &AppState) -> anyhow::Result<u64> {
    let now = state.clock.now();
    let mut conn = state.db.conn().await?;
    let dormant = store::about_to_expire(&mut conn, now, now + REMINDED_BEFORE).await?;
    drop(conn);
    let mut reminded = 0;
    for user_id in dormant {
        reminded += u64::from(with_retry(|| remind_one(state, user_id)).await?);
    }
    Ok(reminded)
}

async fn remind_one(state: &AppState, user_id: Uuid) -> Result<bool, sqlx::Error> {
    let mut tx = state.begin().await?;
    let Some(user) = users::store::by_id(&mut tx, user_id).await? else { return Ok(false) };
    let reminded = renew(&mut tx, &user, None).await?;
    tx.commit().await?;
    Ok(reminded)
}

/// Queues a new activation mail when the account awaits its activation; tells whether it did.
///
/// # Errors
/// When the database refuses.
pub(super) async fn invite(tx: &mut events::Tx, user: &User) -> Result<bool, sqlx::Error> {
    renew(tx, user, Some(new_id())).await
}

async fn renew(tx: &mut events::Tx, user: &User, request_id: Option<Uuid>) -> Result<bool, sqlx::Error> {
    if !user.awaits_activation() {
        return Ok(false);
    }
    let Some(order) = store::latest_order(tx, user.id).await? else {
        // The team opened it.
        events::record(tx, AccountInvited { user_id: user.id, request_id }).await?;
        return Ok(true);
    };
    let renewed = ActivationRenewed {
        user_id: user.id,
        request_id,
        titre: order.titre,
        reference: order.reference.unwrap_or_default(),
    };
    events::record(tx, renewed).await?;
    Ok(true)
}

fn invalid_token() -> ApiError {
    ApiError::bad_request(
        "INVALID_TOKEN",
        "Ce lien d’activation n’est plus valable : il a expiré ou il est incomplet. Connectez-vous, ou demandez-en un nouveau.",
    )
}

fn already_active() -> ApiError {
    ApiError::bad_request("ALREADY_ACTIVE", "Ce compte est déjà actif : vous pouvez vous connecter.")
}

fn disabled() -> ApiError {
    ApiError::bad_request(
        "ACCOUNT_DISABLED",
        "Ce compte a été désactivé. Contactez-nous pour en savoir plus.",
    )
}

fn gone() -> ApiError {
    ApiError::not_found("Ce compte n’existe plus.")
}
