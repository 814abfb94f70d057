//! `/users/me` and what is below.

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    service,
    wire::{
        AccountAnswer, AccountStats, ExportAnswer, PasswordAnswer, PasswordBody, PreferencesAnswer,
        ProfileAnswer, ProfileBody,
    },
};
use crate::{
    app::AppState,
    auth::{Session, change_password},
    http::{ApiJson, ErrorBody, LongRunning, alias, error::ApiResult},
    privacy::exporting,
    users::{MeUser, PreferenceChanges, Preferences, own, service::gone, store},
};

/// Every route of this folder.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(own_account, erase_own_account))
        .routes(routes!(update_profile))
        .routes(alias::at("/users/me", routes!(update_profile)))
        .routes(routes!(update_password))
        .routes(routes!(own_preferences, update_preferences))
        .routes(routes!(own_stats))
        .routes(routes!(request_export))
        .routes(routes!(deactivate))
}

/// The account of the session, as a bare object.
#[utoipa::path(get, path = "/users/me", tag = "Own account", security(("bearer" = [])), responses(
    (status = 200, body = MeUser), (status = 401, body = ErrorBody)))]
async fn own_account(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<MeUser>> {
    let mut conn = state.db.conn().await?;
    let account = store::by_id(&mut conn, user.id).await?;
    conn.release();
    Ok(Json(account.ok_or_else(gone)?.into()))
}

/// Changes the profile; the address is not changed.
#[utoipa::path(put, path = "/users/me/profile", tag = "Own account", security(("bearer" = [])), request_body = ProfileBody,
    responses((status = 200, body = ProfileAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn update_profile(
    State(state): State<AppState>,
    Session(user): Session,
    ApiJson(body): ApiJson<ProfileBody>,
) -> ApiResult<Json<ProfileAnswer>> {
    let user = own::update_profile(&state, user.id, &body.into()).await?;
    Ok(Json(ProfileAnswer { message: "Votre profil est à jour.", user: user.into() }))
}

/// Replaces the password. Every session ends; the answer has a new token.
#[utoipa::path(put, path = "/users/me/password", tag = "Own account", security(("bearer" = [])), request_body = PasswordBody,
    responses((status = 200, body = PasswordAnswer),
              (status = 400, body = ErrorBody, description = "VALIDATION_ERROR, INVALID_JSON, WRONG_PASSWORD"),
              (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn update_password(
    State(state): State<AppState>,
    Session(user): Session,
    ApiJson(body): ApiJson<PasswordBody>,
) -> ApiResult<Json<PasswordAnswer>> {
    let signed_in = change_password(&state, &user, &body.current_password, &body.new_password).await?;
    Ok(Json(PasswordAnswer { message: "Votre mot de passe est modifié.", token: signed_in.token }))
}

/// The choices about mails and privacy, complete, as a bare object.
#[utoipa::path(get, path = "/users/me/preferences", tag = "Own account", security(("bearer" = [])), responses(
    (status = 200, body = Preferences), (status = 401, body = ErrorBody)))]
async fn own_preferences(
    State(state): State<AppState>,
    Session(user): Session,
) -> ApiResult<Json<Preferences>> {
    Ok(Json(own::preferences(&state, user.id).await?))
}

/// Changes the choices that are given, and answers all of them.
#[utoipa::path(put, path = "/users/me/preferences", tag = "Own account", security(("bearer" = [])),
    request_body = PreferenceChanges, responses(
    (status = 200, body = PreferencesAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn update_preferences(
    State(state): State<AppState>,
    Session(user): Session,
    ApiJson(changes): ApiJson<PreferenceChanges>,
) -> ApiResult<Json<PreferencesAnswer>> {
    let preferences = own::choose(&state, user.id, &changes).await?;
    Ok(Json(PreferencesAnswer { message: "Vos préférences sont enregistrées.", preferences }))
}

/// What the profile page counts.
#[utoipa::path(get, path = "/users/me/stats", tag = "Own account", security(("bearer" = [])), responses(
    (status = 200, body = AccountStats), (status = 401, body = ErrorBody)))]
async fn own_stats(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<AccountStats>> {
    Ok(Json(service::stats(&state, &user).await?))
}

/// Asks for all that is held of the account's owner: a mail brings the link, good for seven days.
#[utoipa::path(get, path = "/users/me/export", tag = "Own account", security(("bearer" = [])), responses(
    (status = 200, body = ExportAnswer), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn request_export(
    State(state): State<AppState>,
    Session(user): Session,
) -> ApiResult<Json<ExportAnswer>> {
    let requested_at = exporting::request(&state, &user).await?;
    Ok(Json(ExportAnswer {
        message: "Votre demande est enregistrée : un e-mail vous apportera vos données.",
        email: user.email.clone(),
        timestamp: requested_at.into(),
    }))
}

/// Closes the account and ends its sessions. Logging in opens it again.
#[utoipa::path(put, path = "/users/me/deactivate", tag = "Own account", security(("bearer" = [])), responses(
    (status = 200, body = AccountAnswer), (status = 401, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn deactivate(State(state): State<AppState>, Session(user): Session) -> ApiResult<Json<AccountAnswer>> {
    service::deactivate(&state, &user).await?;
    Ok(Json(AccountAnswer { message: "Votre compte est désactivé. Reconnectez-vous pour le rouvrir." }))
}

/// Erases the account and all that is held of its owner, except what the law has us keep.
#[utoipa::path(delete, path = "/users/me", tag = "Own account", security(("bearer" = [])), responses(
    (status = 200, body = AccountAnswer), (status = 401, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn erase_own_account(
    _: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
) -> ApiResult<Json<AccountAnswer>> {
    service::erase(&state, &user).await?;
    Ok(Json(AccountAnswer { message: "Votre compte et vos données sont supprimés." }))
}
