//! `/auth/*` and `/public/activate/*`.

use axum::{Json, extract::State, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Session,
    activation::{self, Invitation},
    resets,
    service::{self, Registration},
    wire::{
        ActivateBody, ActivatedAnswer, EmailBody, InvitationAnswer, InvitedUser, LoginBody, MessageAnswer,
        RegisterBody, ResetBody, SessionAnswer, SetPasswordBody,
    },
};
use crate::{
    app::AppState,
    http::{ApiJson, ApiPath, ErrorBody, error::ApiResult},
    users::MeUser,
};

/// | route | who | what |
/// |---|---|---|
/// | `POST /auth/register` | anyone | opens an account |
/// | `POST /auth/login` | anyone | logs in |
/// | `GET /auth/me` | session | the account |
/// | `POST /auth/refresh` | session | a new token |
/// | `POST /auth/request-password-reset` | anyone | mails a link |
/// | `POST /auth/reset-password` | the link | replaces the password |
/// | `POST /auth/activate` | the link | as `set-password` |
/// | `GET /public/activate/{token}`, `.../verify` | the link | says whom it is for |
/// | `POST /public/activate/{token}/set-password` | the link | activates the account |
/// | `POST /public/activate/resend` | anyone | mails a new link |
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(me))
        .routes(routes!(refresh))
        .routes(routes!(request_password_reset))
        .routes(routes!(reset_password))
        .routes(routes!(activate))
        .routes(routes!(resend_activation))
        .routes(routes!(show_invitation))
        .routes(routes!(verify_invitation))
        .routes(routes!(set_first_password))
}

/// Opens an account, active at once.
#[utoipa::path(post, path = "/auth/register", tag = "Accounts", request_body = RegisterBody, responses(
    (status = 201, body = SessionAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_JSON"),
    (status = 409, body = ErrorBody, description = "EMAIL_TAKEN"),
    (status = 429, body = ErrorBody)
))]
async fn register(
    State(state): State<AppState>,
    ApiJson(body): ApiJson<RegisterBody>,
) -> ApiResult<(StatusCode, Json<SessionAnswer>)> {
    let RegisterBody { prenom, nom, email, password, telephone } = body;
    let new = Registration { prenom, nom, email, password, telephone };
    let signed_in = service::register(&state, &new).await?;
    Ok((StatusCode::CREATED, Json(SessionAnswer::new("Votre compte est créé. Bienvenue !", signed_in))))
}

/// Logs in; reopens an account that its owner had closed.
#[utoipa::path(post, path = "/auth/login", tag = "Accounts", request_body = LoginBody, responses(
    (status = 200, body = SessionAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_JSON; counts as no attempt"),
    (status = 401, body = ErrorBody, description = "INVALID_CREDENTIALS, ACCOUNT_INACTIVE"),
    (status = 429, body = ErrorBody)
))]
async fn login(
    State(state): State<AppState>,
    ApiJson(body): ApiJson<LoginBody>,
) -> ApiResult<Json<SessionAnswer>> {
    let signed_in = service::login(&state, &body.email, &body.password).await?;
    Ok(Json(SessionAnswer::new("Vous êtes connecté.", signed_in)))
}

/// The account of the session, as a bare object.
#[utoipa::path(get, path = "/auth/me", tag = "Accounts", security(("bearer" = [])), responses(
    (status = 200, body = MeUser),
    (status = 401, body = ErrorBody, description = "TOKEN_MISSING, TOKEN_INVALID, ACCOUNT_INACTIVE")
))]
async fn me(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<MeUser>> {
    Ok(Json(service::account(&state, user.id).await?.into()))
}

/// A new token for a session that is still valid.
#[utoipa::path(post, path = "/auth/refresh", tag = "Accounts", security(("bearer" = [])), responses(
    (status = 200, body = SessionAnswer),
    (status = 401, body = ErrorBody, description = "TOKEN_MISSING, TOKEN_INVALID, ACCOUNT_INACTIVE")
))]
async fn refresh(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<SessionAnswer>> {
    let user = service::account(&state, user.id).await?;
    Ok(Json(SessionAnswer::new("Votre session est prolongée.", service::sign_in(&state, user)?)))
}

/// Mails a link to choose a new password. The answer never tells whether the address has an account.
#[utoipa::path(post, path = "/auth/request-password-reset", tag = "Accounts", request_body = EmailBody, responses(
    (status = 200, body = MessageAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_JSON"),
    (status = 429, body = ErrorBody)
))]
async fn request_password_reset(
    State(state): State<AppState>,
    ApiJson(body): ApiJson<EmailBody>,
) -> ApiResult<Json<MessageAnswer>> {
    resets::request(&state, &body.email).await?;
    let message = "Si un compte existe avec cette adresse, vous allez recevoir un e-mail pour choisir un nouveau mot de passe.";
    Ok(Json(MessageAnswer { message }))
}

/// Replaces a forgotten password and ends every session of the account.
#[utoipa::path(post, path = "/auth/reset-password", tag = "Accounts", request_body = ResetBody, responses(
    (status = 200, body = MessageAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_JSON, INVALID_TOKEN, ACCOUNT_INACTIVE")
))]
async fn reset_password(
    State(state): State<AppState>,
    ApiJson(body): ApiJson<ResetBody>,
) -> ApiResult<Json<MessageAnswer>> {
    resets::reset(&state, &body.token, &body.new_password).await?;
    Ok(Json(MessageAnswer { message: "Votre mot de passe est modifié. Vous pouvez vous connecter." }))
}

/// Activates an account with its first password.
#[utoipa::path(post, path = "/auth/activate", tag = "Accounts", request_body = ActivateBody, responses(
    (status = 200, body = ActivatedAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_TOKEN, ALREADY_ACTIVE, ACCOUNT_DISABLED"),
    (status = 404, body = ErrorBody)
))]
async fn activate(
    State(state): State<AppState>,
    ApiJson(body): ApiJson<ActivateBody>,
) -> ApiResult<Json<ActivatedAnswer>> {
    Ok(Json(activation::activate(&state, &body.token, &body.password).await?.into()))
}

/// Activates an account with its first password.
#[utoipa::path(post, path = "/public/activate/{token}/set-password", tag = "Public site",
    params(("token" = String, Path, max_length = 255)), request_body = SetPasswordBody, responses(
    (status = 200, body = ActivatedAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_TOKEN, ALREADY_ACTIVE, ACCOUNT_DISABLED"),
    (status = 404, body = ErrorBody)
))]
async fn set_first_password(
    State(state): State<AppState>,
    ApiPath(token): ApiPath<String>,
    ApiJson(body): ApiJson<SetPasswordBody>,
) -> ApiResult<Json<ActivatedAnswer>> {
    Ok(Json(activation::activate(&state, &token, &body.password).await?.into()))
}

/// Says whom an activation link is for. Changes nothing: mail scanners open links too.
#[utoipa::path(get, path = "/public/activate/{token}", tag = "Public site", params(("token" = String, Path, max_length = 255)), responses(
    (status = 200, body = InvitationAnswer),
    (status = 400, body = ErrorBody, description = "INVALID_TOKEN, ACCOUNT_DISABLED; with valid: false"),
    (status = 404, body = ErrorBody)
))]
async fn show_invitation(
    State(state): State<AppState>,
    ApiPath(token): ApiPath<String>,
) -> ApiResult<Json<InvitationAnswer>> {
    let found = activation::look_up(&state, &token).await;
    found.map(|invitation| Json(invitation.into())).map_err(|error| error.with("valid", false))
}

/// Says whom an activation link is for.
#[utoipa::path(get, path = "/public/activate/{token}/verify", tag = "Public site",
    params(("token" = String, Path, max_length = 255)), responses(
    (status = 200, body = InvitationAnswer),
    (status = 400, body = ErrorBody, description = "INVALID_TOKEN, ACCOUNT_DISABLED; with valid: false"),
    (status = 404, body = ErrorBody)
))]
async fn verify_invitation(
    state: State<AppState>,
    token: ApiPath<String>,
) -> ApiResult<Json<InvitationAnswer>> {
    show_invitation(state, token).await
}

/// Mails a new activation link. The answer never tells whether the address has an account.
#[utoipa::path(post, path = "/public/activate/resend", tag = "Public site", request_body = EmailBody, responses(
    (status = 200, body = MessageAnswer),
    (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_JSON"),
    (status = 429, body = ErrorBody)
))]
async fn resend_activation(
    State(state): State<AppState>,
    ApiJson(body): ApiJson<EmailBody>,
) -> ApiResult<Json<MessageAnswer>> {
    activation::resend(&state, &body.email).await?;
    let message =
        "Si un compte attend son activation avec cette adresse, vous allez recevoir un nouvel e-mail.";
    Ok(Json(MessageAnswer { message }))
}

impl From<Invitation> for InvitationAnswer {
    fn from(Invitation { user, expires_at }: Invitation) -> Self {
        Self {
            message: match user.is_active {
                true => "Ce compte est déjà actif : vous pouvez vous connecter.",
                false => "Ce lien est valable. Choisissez votre mot de passe.",
            },
            valid: true,
            is_already_active: user.is_active,
            user: InvitedUser { prenom: user.prenom, nom: user.nom, email: user.email },
            expires_at: expires_at.into(),
        }
    }
}
