//! `/admin/users`: the accounts.

mod wire;

use axum::{Json, extract::State, http::StatusCode};
use utoipa::openapi::HttpMethod;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    app::AppState,
    auth::{
        Admin,
        managing::{self, Access, Change},
    },
    http::{
        ApiJson, ApiQuery, ApiResult, ErrorBody, PathId, alias,
        list::{Paging, Sorting, SuccessList},
    },
    privacy::erasing::{Reason, erase_account},
    users::roster::{self, RosterSort},
};
use wire::{
    AccessAnswer, AccessBody, AdminUser, AdminUserAnswer, CreatedUserAnswer, ErasedUserAnswer, NewUserBody,
    RoleBody, UserBody, UserDetailAnswer, UserStatsAnswer, UsersQuery,
};

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(test))
        .routes(routes!(list, create))
        .routes(routes!(stats))
        .routes(routes!(one, update, delete))
        .routes(alias::by(HttpMethod::Patch, routes!(update)))
        .routes(routes!(set_role))
        .routes(routes!(set_status))
        .routes(routes!(toggle))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
}

/// Tells an administrator that they are one.
#[utoipa::path(get, path = "/test", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = AccessAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn test(State(state): State<AppState>, Admin(admin): Admin) -> Json<AccessAnswer> {
    Json(AccessAnswer::new(&admin, state.clock.now().into()))
}

/// The accounts, newest first unless another order is asked for. Erased ones are not among them.
#[utoipa::path(get, path = "/users", tag = "Administration", security(("bearer" = [])),
    params(Paging<10, 100>, Sorting<RosterSort>, UsersQuery),
    responses((status = 200, body = SuccessList<AdminUser>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<10, 100>,
    Sorting(sort): Sorting<RosterSort>,
    ApiQuery(query): ApiQuery<UsersQuery>,
) -> ApiResult<Json<SuccessList<AdminUser>>> {
    let listing = roster::list(&state, &query.filter()?, sort, page).await?;
    Ok(Json(SuccessList::new(listing.map(AdminUser::from), "Comptes récupérés avec succès.")))
}

/// How many accounts there are. Those of the demonstration do not count.
#[utoipa::path(get, path = "/users/stats", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = UserStatsAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn stats(State(state): State<AppState>, _: Admin) -> ApiResult<Json<UserStatsAnswer>> {
    Ok(Json(UserStatsAnswer::new(roster::figures(&state).await?)))
}

/// One account, with how much there is of it.
#[utoipa::path(get, path = "/users/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = UserDetailAnswer), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn one(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId,
) -> ApiResult<Json<UserDetailAnswer>> {
    Ok(Json(UserDetailAnswer::new(roster::one(&state, id).await?)))
}

/// Opens an account. Without a password its owner is mailed a link to choose one.
#[utoipa::path(post, path = "/users", tag = "Administration", security(("bearer" = [])), request_body = NewUserBody,
    responses((status = 201, body = CreatedUserAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "EMAIL_TAKEN")))]
async fn create(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiJson(body): ApiJson<NewUserBody>,
) -> ApiResult<(StatusCode, Json<CreatedUserAnswer>)> {
    let user = managing::create(&state, &admin.email, &body.into()).await?;
    Ok((StatusCode::CREATED, Json(CreatedUserAnswer::new(user))))
}

/// Changes an account: only what is sent. Its sessions end when its role or its access does.
#[utoipa::path(put, path = "/users/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = UserBody,
    responses((status = 200, body = AdminUserAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, body = ErrorBody, description = "EMAIL_TAKEN, LAST_ADMIN")))]
async fn update(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<UserBody>,
) -> ApiResult<Json<AdminUserAnswer>> {
    let user = managing::change(&state, &admin.email, id, &body.into()).await?;
    Ok(Json(AdminUserAnswer::new(user, "Le compte est modifié.")))
}

/// Gives an account another role. Its sessions end.
#[utoipa::path(put, path = "/users/{id}/role", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body = RoleBody,
    responses((status = 200, body = AdminUserAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn set_role(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<RoleBody>,
) -> ApiResult<Json<AdminUserAnswer>> {
    let change = Change { role: Some(body.role), ..Change::default() };
    let user = managing::change(&state, &admin.email, id, &change).await?;
    Ok(Json(AdminUserAnswer::new(user, "Le rôle du compte est modifié.")))
}

/// Opens or closes an account.
#[utoipa::path(put, path = "/users/{id}/status", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body = AccessBody,
    responses((status = 200, body = AdminUserAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn set_status(
    State(state): State<AppState>,
    admin: Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<AccessBody>,
) -> ApiResult<Json<AdminUserAnswer>> {
    give_access(&state, &admin, id, body.is_active.into()).await
}

/// Opens an account that is closed, closes one that is open.
#[utoipa::path(patch, path = "/users/{id}/toggle-status", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AdminUserAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn toggle(
    State(state): State<AppState>,
    admin: Admin,
    PathId(id): PathId,
) -> ApiResult<Json<AdminUserAnswer>> {
    give_access(&state, &admin, id, Access::Toggled).await
}

/// Opens an account; one that is open stays so.
#[utoipa::path(put, path = "/users/{id}/activate", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AdminUserAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn activate(
    State(state): State<AppState>,
    admin: Admin,
    PathId(id): PathId,
) -> ApiResult<Json<AdminUserAnswer>> {
    give_access(&state, &admin, id, Access::Open).await
}

/// Closes an account; one that is closed stays so.
#[utoipa::path(put, path = "/users/{id}/deactivate", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AdminUserAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn deactivate(
    State(state): State<AppState>,
    admin: Admin,
    PathId(id): PathId,
) -> ApiResult<Json<AdminUserAnswer>> {
    give_access(&state, &admin, id, Access::Closed).await
}

async fn give_access(
    state: &AppState,
    Admin(admin): &Admin,
    id: Uuid,
    access: Access,
) -> ApiResult<Json<AdminUserAnswer>> {
    let change = Change { access: Some(access), ..Change::default() };
    let user = managing::change(state, &admin.email, id, &change).await?;
    let message = if user.is_active { "Le compte est actif." } else { "Le compte est désactivé." };
    Ok(Json(AdminUserAnswer::new(user, message)))
}

/// Erases an account for good: what the law has us keep names nobody any more.
#[utoipa::path(delete, path = "/users/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ErasedUserAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "LAST_ADMIN")))]
async fn delete(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<ErasedUserAnswer>> {
    match erase_account(&state, id, Reason::Team(&admin.email)).await? {
        true => Ok(Json(ErasedUserAnswer::new())),
        false => Err(roster::unknown()),
    }
}
