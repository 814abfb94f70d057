//! Opening an account and logging in.

use serde_json::json;
use uuid::Uuid;

use super::{
    Role, Verdict,
    journal::{self, Who},
    login_guard::LoginGuard,
    passwords::Checked,
    tickets,
    told::{AccountReopened, UserRegistered},
};
use crate::{
    app::AppState,
    audit::{Severity, acts},
    clock::new_id,
    db::with_retry,
    events,
    http::{
        RequestContext,
        error::{ApiError, ApiResult},
        limits::{Budget, LimitKey},
    },
    users::{
        self, DeactivatedBy, PLACEHOLDER_EMAIL, User, rules,
        store::{self, NewUser},
    },
};

/// Who wants an account. Every value keeps the rules of [`rules`].
pub struct Registration {
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address, as typed.
    pub email: String,
    /// Password.
    pub password: String,
    /// Phone number.
    pub telephone: Option<String>,
}

/// An account and a new session token of it.
pub struct SignedIn {
    /// The account.
    pub user: User,
    /// The token.
    pub token: String,
}

/// A new session token.
///
/// # Errors
/// When signing fails, which no input causes.
pub fn sign_in(state: &AppState, user: User) -> ApiResult<SignedIn> {
    let issued =
        state.sessions.tokens.issue(user.id, &user.email, user.role, user.token_version, state.clock.now());
    Ok(SignedIn { token: issued.map_err(ApiError::internal)?, user })
}

/// The account of a session, freshly read.
///
/// # Errors
/// 401 when it is gone, 503 when the database is away.
pub async fn account(state: &AppState, id: Uuid) -> ApiResult<User> {
    let mut conn = state.db.conn().await?;
    let user = store::by_id(&mut conn, id).await?;
    conn.release();
    user.ok_or_else(users::service::gone)
}

/// Opens an account, active at once, and logs it in. The administrators are told, the welcome mail is queued.
///
/// # Errors
/// 409 `EMAIL_TAKEN`, 429, 503.
pub async fn register(state: &AppState, new: &Registration) -> ApiResult<SignedIn> {
    state.limits.check(Budget::Register, &LimitKey::ip(RequestContext::current_ip()))?;
    let email = rules::normalise_email(&new.email);
    let password_hash = state.passwords.hash(&new.password).await?;
    let new = NewUser {
        id: new_id(),
        prenom: new.prenom.trim(),
        nom: new.nom.trim(),
        email: &email,
        password_hash: &password_hash,
        role: Role::User,
        is_active: true,
        telephone: new.telephone.as_deref().map(str::trim).filter(|telephone| !telephone.is_empty()),
    };
    match with_retry(|| open(state, &new)).await {
        Ok(user) => sign_in(state, user),
        Err(error) => {
            if error.code() == users::service::EMAIL_TAKEN {
                let who = Who::Address(&email);
                journal::note_failure(state, acts::REGISTER_FAILED, &who, "email_taken").await?;
            }
            Err(error)
        }
    }
}

async fn open(state: &AppState, new: &NewUser<'_>) -> ApiResult<User> {
    let mut tx = state.begin().await?;
    store::insert(&mut tx, new, state.clock.now()).await.map_err(users::service::taken)?;
    let user = store::by_id(&mut tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    journal::note(&mut tx, acts::REGISTER_SUCCESS, &Who::Account(&user), None).await?;
    events::record(&mut tx, UserRegistered { user_id: user.id }).await?;
    tx.commit().await?;
    Ok(user)
}

/// Logs in with an address and a password, or a [ticket](tickets). An account that its owner had closed is reopened.
/// A refusal takes as long whatever the account is, or is not.
///
/// # Errors
/// 401 `INVALID_CREDENTIALS` alike for an unknown address and a wrong password, 401 `ACCOUNT_INACTIVE` only after the
/// right password, 429 after too many failures, 503.
pub async fn login(state: &AppState, email: &str, password: &str) -> ApiResult<SignedIn> {
    let email = rules::normalise_email(email);
    let guard = LoginGuard::enter(&state.limits, RequestContext::current_ip(), &email).await?;
    let user = find(state, &email).await?;
    let user = match with_ticket(state, user, password).await? {
        Ok(signed_in) => return Ok(signed_in),
        Err(user) => user,
    };
    let stored = user.as_ref().map(|user| user.password_hash.as_str());
    let Checked { verdict, refuse_at } = state.passwords.verify(stored, password).await?;
    match user {
        Some(user) if verdict != Verdict::Wrong => admit(state, user, password, verdict).await,
        user => {
            let refusal = refuse(state, guard, user.as_ref(), &email).await?;
            tokio::time::sleep_until(refuse_at).await;
            Err(refusal)
        }
    }
}

/// Logs in when the password is a good ticket of the account; otherwise gives the account back.
async fn with_ticket(
    state: &AppState,
    user: Option<User>,
    ticket: &str,
) -> ApiResult<Result<SignedIn, Option<User>>> {
    match user {
        Some(user) if user.is_active && tickets::is_one(ticket) => {
            match with_retry(|| enter_with_ticket(state, &user, ticket)).await? {
                true => Ok(Ok(sign_in(state, user)?)),
                false => Ok(Err(Some(user))),
            }
        }
        user => Ok(Err(user)),
    }
}

async fn enter_with_ticket(state: &AppState, user: &User, ticket: &str) -> ApiResult<bool> {
    let mut tx = state.begin().await?;
    let good = tickets::redeem(&mut tx, ticket, user, state.clock.now()).await?;
    if good {
        let details = json!({ "method": "activation" });
        journal::note(&mut tx, acts::LOGIN_SUCCESS, &Who::Account(user), details).await?;
        tx.commit().await?;
    }
    Ok(good)
}

/// Its connection goes back before the hashing starts.
async fn find(state: &AppState, email: &str) -> ApiResult<Option<User>> {
    let mut conn = state.db.conn().await?;
    let user = store::by_email(&mut conn, email).await?;
    Ok(user.filter(|user| user.email != PLACEHOLDER_EMAIL))
}

async fn refuse(
    state: &AppState,
    guard: LoginGuard,
    user: Option<&User>,
    email: &str,
) -> ApiResult<ApiError> {
    let locked = guard.failed();
    // An address that breaks the rules may be a password typed in the wrong field: it is not written down.
    let who = match rules::email(email) {
        Ok(()) => Who::of(user, email),
        Err(_) => Who::Unknown,
    };
    // Anyone can invent addresses: one that has no account alarms nobody.
    let (reason, failure, lock) = match user {
        Some(_) => ("invalid_password", acts::LOGIN_FAILED, acts::ACCOUNT_LOCKED),
        None => {
            ("user_not_found", acts::LOGIN_FAILED.at(Severity::Low), acts::ACCOUNT_LOCKED.at(Severity::Low))
        }
    };
    let details = json!({ "reason": reason });
    let mut tx = state.begin().await?;
    journal::note(&mut tx, failure, &who, details.clone()).await?;
    if locked {
        journal::note(&mut tx, lock, &who, details).await?;
    }
    tx.commit().await?;
    // The web application compares this sentence, to offer help.
    Ok(ApiError::unauthorized("INVALID_CREDENTIALS", "Identifiants incorrects"))
}

async fn admit(state: &AppState, mut user: User, password: &str, verdict: Verdict) -> ApiResult<SignedIn> {
    if !user.is_active && user.deactivated_by != Some(DeactivatedBy::Owner) {
        journal::note_failure(state, acts::LOGIN_FAILED, &Who::Account(&user), "account_inactive").await?;
        return Err(inactive(&user));
    }
    let better_hash = match verdict {
        // A full queue is no reason to refuse: the next login upgrades.
        Verdict::RightButOutdated => state.passwords.hash(password).await.ok(),
        Verdict::Right | Verdict::Wrong => None,
    };
    with_retry(|| enter(state, &user, better_hash.as_deref())).await?;
    if !user.is_active {
        user.is_active = true;
        user.deactivated_by = None;
        user.updated_at = state.clock.now();
        state.sessions.forget(user.id).await;
    }
    sign_in(state, user)
}

async fn enter(state: &AppState, user: &User, better_hash: Option<&str>) -> ApiResult<()> {
    let mut tx = state.begin().await?;
    if let Some(hash) = better_hash {
        store::upgrade_hash(&mut tx, user.id, &user.password_hash, hash).await?;
    }
    let (reopened, now) = (!user.is_active, state.clock.now());
    if reopened {
        if !store::reopen(&mut tx, user.id, now).await? {
            return Err(inactive(user));
        }
        events::record(&mut tx, AccountReopened { user_id: user.id, at: now }).await?;
    }
    let details = reopened.then(|| json!({ "reactivated": true }));
    journal::note(&mut tx, acts::LOGIN_SUCCESS, &Who::Account(user), details).await?;
    Ok(tx.commit().await?)
}

fn inactive(user: &User) -> ApiError {
    let message = match user.awaits_activation() {
        true => {
            "Ce compte n’est pas encore activé. Ouvrez le lien reçu par e-mail, ou demandez-en un nouveau."
        }
        false => "Ce compte est désactivé. Contactez-nous pour en savoir plus.",
    };
    ApiError::unauthorized("ACCOUNT_INACTIVE", message)
}
