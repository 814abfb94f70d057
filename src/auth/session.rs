//! The session of a request: whose token it carries, and whether that account may act.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{Extensions, HeaderMap, header::AUTHORIZATION, request::Parts},
};
use moka::future::Cache;
use secrecy::SecretString;
use uuid::Uuid;

use super::{SessionTokens, tokens::Verified};
use crate::{
    app::AppState,
    http::{
        context::RequestContext,
        error::{ApiError, ApiResult},
        limits::layer::{Identified, Identify},
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

    async fn account(
        &self,
        state: &AppState,
        id: Uuid,
    ) -> Result<Option<Arc<SessionUser>>, Arc<sqlx::Error>> {
        match self.accounts.get(&id).await {
            Some(known) => Ok(known),
            // Rare, and large: in a box it does not weigh on every request.
            None => Box::pin(self.accounts.try_get_with(id, load(state, id))).await,
        }
    }
}

/// Whether the session that `user` was found by still stands, for work that outlasts its request.
///
/// # Errors
/// When the database cannot tell.
pub async fn session_stands(state: &AppState, user: &SessionUser) -> Result<bool, Arc<sqlx::Error>> {
    let known = state.sessions.account(state, user.id).await?;
    Ok(known.is_some_and(|known| known.is_active && known.token_version == user.token_version))
}

/// Ends what runs in the name of an account's earlier sessions: the next request is judged anew, and open streams close.
/// Call it after the commit of what ended them.
pub async fn end_sessions(state: &AppState, user_id: Uuid) {
    state.sessions.forget(user_id).await;
    state.streams.end(user_id);
}

async fn load(state: &AppState, id: Uuid) -> Result<Option<Arc<SessionUser>>, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    let user = users::store::session_user(&mut conn, id).await?;
    conn.release();
    Ok(user.map(Arc::new))
}

/// Who sends a request. Found once, by whoever asks first, and kept among its extensions.
#[derive(Clone, Debug)]
pub struct Identity(Result<Arc<SessionUser>, NoSession>);

/// Why a request has no session.
#[derive(Clone, Debug)]
enum NoSession {
    /// It carries no token.
    Missing,
    /// The token is none of ours, has expired, or was ended.
    Invalid,
    /// The account is closed.
    Inactive,
    /// The database cannot tell. The token is well signed.
    Unknown(Uuid, Arc<sqlx::Error>),
}

impl From<NoSession> for ApiError {
    fn from(none: NoSession) -> Self {
        match none {
            NoSession::Missing => Self::unauthorized("TOKEN_MISSING", "Connectez-vous pour continuer."),
            NoSession::Invalid => {
                Self::unauthorized("TOKEN_INVALID", "Votre session a expiré. Reconnectez-vous.")
            }
            NoSession::Inactive => Self::unauthorized("ACCOUNT_INACTIVE", "Ce compte n’est plus actif."),
            // An outage must never look like a dead session: the web application would throw it away.
            NoSession::Unknown(_, error) => Self::unavailable().caused_by(error),
        }
    }
}

impl Identity {
    /// Of the request with these headers and extensions.
    async fn of(state: &AppState, headers: &HeaderMap, extensions: &mut Extensions) -> Self {
        if let Some(known) = extensions.get::<Self>() {
            return known.clone();
        }
        let found = Self(find(state, headers, extensions.get()).await);
        extensions.insert(found.clone());
        found
    }

    /// What was found before, for those who cannot ask; nobody when nobody looked.
    pub(super) fn known(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or(Self(Err(NoSession::Missing)))
    }

    /// The account, or the refusal its absence deserves.
    pub(super) fn user(self) -> ApiResult<Arc<SessionUser>> {
        Ok(self.0?)
    }

    /// Whose budget the request spends. A token that is no session counts as nobody's; during an outage the signature
    /// has to do.
    fn payer(&self) -> Option<Uuid> {
        match &self.0 {
            Ok(user) => Some(user.id),
            Err(NoSession::Unknown(user, _)) => Some(*user),
            Err(_) => None,
        }
    }
}

async fn find(
    state: &AppState,
    headers: &HeaderMap,
    context: Option<&Arc<RequestContext>>,
) -> Result<Arc<SessionUser>, NoSession> {
    let token = bearer(headers)?;
    let sessions = &state.sessions;
    let token = sessions.tokens.read(token, state.clock.now()).ok_or(NoSession::Invalid)?;
    if let Some(context) = context {
        context.set_user(token.user_id);
    }
    match sessions.account(state, token.user_id).await {
        Ok(Some(user)) => check(&token, &user).map(|()| user),
        Ok(None) => Err(NoSession::Invalid),
        Err(error) => Err(NoSession::Unknown(token.user_id, error)),
    }
}

/// The token of the `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Result<&str, NoSession> {
    let value = headers.get(AUTHORIZATION).ok_or(NoSession::Missing)?;
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(NoSession::Missing)?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token).ok_or(NoSession::Missing)
}

fn check(token: &Verified, user: &SessionUser) -> Result<(), NoSession> {
    if !user.is_active {
        return Err(NoSession::Inactive);
    }
    match token.version == user.token_version {
        true => Ok(()),
        false => Err(NoSession::Invalid),
    }
}

impl Identify for AppState {
    fn identify<'a>(&'a self, headers: &'a HeaderMap, extensions: &'a mut Extensions) -> Identified<'a> {
        Box::pin(async move { Identity::of(self, headers, extensions).await.payer() })
    }
}

/// A valid session of an active account, whatever its role.
#[derive(Clone, Debug)]
pub struct Session(pub Arc<SessionUser>);

/// A session when the request carries one. A dead token is still 401.
pub type MaybeSession = Option<Session>;

impl FromRequestParts<AppState> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        Identity::of(state, &parts.headers, &mut parts.extensions).await.user().map(Self)
    }
}

impl OptionalFromRequestParts<AppState> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Option<Self>> {
        match Identity::of(state, &parts.headers, &mut parts.extensions).await {
            Identity(Err(NoSession::Missing)) => Ok(None),
            identity => identity.user().map(Self).map(Some),
        }
    }
}
