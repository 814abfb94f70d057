//! Roles are arguments: a handler says in its signature who may call it. One without [`Session`] or any of these is public.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Role, Session, SessionUser, session::Identity};
use crate::{
    app::AppState,
    http::error::{ApiError, ApiResult},
};

/// Some of the roles, and what the others are told.
struct Circle {
    admits: fn(Role) -> bool,
    code: &'static str,
    message: &'static str,
}

impl Circle {
    fn check(&self, user: &SessionUser) -> ApiResult<()> {
        match (self.admits)(user.role) {
            true => Ok(()),
            false => {
                Err(ApiError::forbidden(self.code, self.message).with("currentRole", user.role.as_str()))
            }
        }
    }
}

/// Extractors for a valid session of an active account with one of some roles.
macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident($($role:ident)|+) = $circle:ident, $code:literal, $message:literal;)+) => {$(
        const $circle: Circle =
            Circle { admits: |role| matches!(role, $(Role::$role)|+), code: $code, message: $message };

        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Arc<SessionUser>);

        impl FromRequestParts<AppState> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
                let Session(user) =
                    <Session as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
                $circle.check(&user)?;
                Ok(Self(user))
            }
        }
    )+};
}

roles! {
    /// Someone who may order, pay and book: everybody but the correctors.
    Client(User | Admin) = CLIENTS, "CLIENT_REQUIRED",
        "Un compte de correcteur ne permet ni de commander, ni de payer, ni de réserver.";
    /// A corrector.
    Corrector(Corrector) = CORRECTORS, "CORRECTOR_REQUIRED", "Cette page est réservée aux correcteurs.";
    /// One of the team: an administrator or a corrector.
    Staff(Admin | Corrector) = STAFF, "STAFF_REQUIRED", "Cette page est réservée à l’équipe.";
    /// An administrator.
    Admin(Admin) = ADMINS, "ADMIN_REQUIRED", "Cette page est réservée aux administrateurs.";
}

/// A layer that closes routes to whoever is no administrator, whatever their handlers ask for: a second lock.
///
/// The session was found by the layer of the general limit, for every request that carries a token.
pub async fn only_admins(request: Request, next: Next) -> Response {
    let identity = Identity::known(request.extensions());
    match identity.user().and_then(|user| ADMINS.check(&user)) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}
