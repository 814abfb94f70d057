//! The session of a request: extractors that make an unchecked handler visible at a glance.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use moka::future::Cache;
use secrecy::SecretString;
use uuid::Uuid;

use super::{Claims, Role, SessionTokens};
use crate::{
    app::AppState,
    http::{
        context::RequestContext,
        error::{ApiError, ApiResult},
    },
    users::{self, SessionUser},
};

/// How long an account's state is believed without asking the database again.
const CACHE_LIFETIME: Duration = Duration::from_secs(2);

/// Session tokens and the short-lived cache of the accounts they belong to.
#[derive(Clone)]
pub struct Sessions {
    /// Makes and reads tokens.
    pub tokens: SessionTokens,
    accounts: Cache<Uuid, Option<Arc<SessionUser>>>,
}

impl Sessions {
    /// Uses `JWT_SECRET`.
    pub fn new(secret: &SecretString) -> Self {
        let accounts = Cache::builder().max_capacity(10_000).time_to_live(CACHE_LIFETIME).build();
        Self { tokens: SessionTokens::new(secret), accounts }
    }

    /// Forgets what is cached of an account: call it after changing its role, state or version.
    pub async fn forget(&self, user_id: Uuid) {
        self.accounts.invalidate(&user_id).await;
    }

    async fn account(&self, state: &AppState, id: Uuid) -> ApiResult<Option<Arc<SessionUser>>> {
        self.accounts
            .try_get_with(id, load(state, id))
            .await
            // An outage must never look like a dead session: the web application would throw it away.
            .map_err(|error| ApiError::unavailable().caused_by(anyhow::anyhow!("{error}")))
    }
}

async fn load(state: &AppState, id: Uuid) -> Result<Option<Arc<SessionUser>>, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    Ok(users::store::session_user(&mut conn, id).await?.map(Arc::new))
}

/// A valid session of an active account, whatever its role.
#[derive(Clone, Debug)]
pub struct Session(pub Arc<SessionUser>);

/// A valid session of an active administrator.
#[derive(Clone, Debug)]
pub struct Admin(pub Arc<SessionUser>);

/// A session when the request carries one. A dead token is still 401.
pub type MaybeSession = Option<Session>;

impl FromRequestParts<AppState> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        let token = bearer(&parts.headers)
            .ok_or_else(|| ApiError::unauthorized("TOKEN_MISSING", "Connectez-vous pour continuer."))?;
        let claims = state.sessions.tokens.read(token, state.clock.now()).ok_or_else(invalid)?;
        let user = state.sessions.account(state, claims.user_id).await?.ok_or_else(invalid)?;
        check(&claims, &user)?;
        if let Some(context) = RequestContext::current() {
            context.set_user(user.id);
        }
        Ok(Self(user))
    }
}

impl OptionalFromRequestParts<AppState> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Option<Self>> {
        match bearer(&parts.headers) {
            Some(_) => <Self as FromRequestParts<AppState>>::from_request_parts(parts, state).await.map(Some),
            None => Ok(None),
        }
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        let Session(user) = <Session as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        match user.role {
            Role::Admin => Ok(Self(user)),
            role => {
                Err(ApiError::forbidden("ADMIN_REQUIRED", "Cette page est réservée aux administrateurs.")
                    .with("currentRole", role.as_str()))
            }
        }
    }
}

/// The token of the `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

fn check(claims: &Claims, user: &SessionUser) -> ApiResult<()> {
    if !user.is_active {
        return Err(ApiError::unauthorized("ACCOUNT_INACTIVE", "Ce compte n’est plus actif."));
    }
    match claims.version == user.token_version {
        true => Ok(()),
        false => Err(invalid()),
    }
}

fn invalid() -> ApiError {
    ApiError::unauthorized("TOKEN_INVALID", "Votre session a expiré. Reconnectez-vous.")
}
