//! `/admin/pages`: the pages of the site, whatever their status.

use axum::{Extension, Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema, openapi::HttpMethod};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    app::AppState,
    auth::Admin,
    http::{
        ApiJson, ApiPath, ApiQuery, ApiResult, ErrorBody, JsonLimit, PathId, alias,
        extract::given,
        list::{Paging, Sorting, SuccessMeta, Words, flag, one_of},
    },
    pages::{
        Change, Kind, Status, service,
        store::{Filter, PageSort},
        wire::SitePage,
    },
};

/// Largest page, in bytes of JSON.
const LARGEST: usize = 4 << 20;

const STATUSES: [(&str, Status); 4] = [
    ("DRAFT", Status::Draft),
    ("PUBLISHED", Status::Published),
    ("ARCHIVED", Status::Archived),
    ("SCHEDULED", Status::Scheduled),
];

const KINDS: [(&str, Kind); 6] = [
    ("PAGE", Kind::Page),
    ("FAQ", Kind::Faq),
    ("BLOG", Kind::Blog),
    ("LEGAL", Kind::Legal),
    ("HELP", Kind::Help),
    ("LANDING", Kind::Landing),
];

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(stats))
        .routes(routes!(by_slug))
        .routes(routes!(one, update, delete))
        .routes(routes!(publish))
        .routes(alias::by(HttpMethod::Put, routes!(publish)))
        .routes(routes!(unpublish))
        .routes(alias::by(HttpMethod::Put, routes!(unpublish)))
        .layer(Extension(JsonLimit(LARGEST)))
}

/// Which pages to list.
#[derive(Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct AdminPagesQuery {
    /// Words of the title, the slug or the content.
    #[param(max_length = 100)]
    search: Option<String>,
    /// Only those of this status.
    #[param(value_type = Option<Status>)]
    status: Option<String>,
    /// Only those of this type.
    #[serde(rename = "type")]
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    /// Only those under this heading.
    #[param(max_length = 100)]
    #[validate(length(max = 100, message = "La catégorie ne peut pas dépasser 100 caractères."))]
    category: Option<String>,
    /// `true`: for the public; anything else: not.
    #[param(max_length = 10)]
    is_public: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
struct PageAnswer {
    success: bool,
    data: SitePage,
    message: &'static str,
}

impl PageAnswer {
    fn new(page: crate::pages::Page, message: &'static str) -> Json<Self> {
        Json(Self { success: true, data: page.into(), message })
    }
}

/// How many pages stand where.
#[derive(Serialize, ToSchema)]
struct PageCounts {
    total: i64,
    published: i64,
    draft: i64,
    archived: i64,
    scheduled: i64,
}

/// Figures about pages.
#[derive(Serialize, ToSchema)]
struct PageStats {
    success: bool,
    data: PageCounts,
    message: &'static str,
}

/// What a page shall be; what is absent stays as it is.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PageBody {
    #[schema(min_length = 1, max_length = 255)]
    title: Option<String>,
    /// Its name in addresses.
    #[schema(min_length = 1, max_length = 255, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    /// Plain text, or HTML.
    #[schema(min_length = 1, max_length = 4_000_000)]
    content: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2_000)]
    excerpt: Option<Option<String>>,
    /// A `LEGAL` page does not become a `PAGE`.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// `SCHEDULED` needs a `publishedAt` to come.
    status: Option<Status>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 255)]
    meta_title: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2_000)]
    meta_description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2_000)]
    meta_keywords: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    category: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2_000)]
    tags: Option<Option<String>>,
    #[schema(minimum = -2_147_483_648, maximum = 2_147_483_647)]
    sort_order: Option<i32>,
    is_public: Option<bool>,
    require_auth: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    published_at: Option<Option<DateTime<Utc>>>,
}

impl From<PageBody> for Change {
    fn from(body: PageBody) -> Self {
        Self {
            title: body.title,
            slug: body.slug,
            content: body.content,
            excerpt: body.excerpt,
            kind: body.kind,
            status: body.status,
            meta_title: body.meta_title,
            meta_description: body.meta_description,
            meta_keywords: body.meta_keywords,
            category: body.category,
            tags: body.tags,
            sort_order: body.sort_order,
            is_public: body.is_public,
            require_auth: body.require_auth,
            published_at: body.published_at,
        }
    }
}

/// All pages: the legal ones first, then the newest, unless another order is asked for.
#[utoipa::path(get, path = "/pages", tag = "Administration", security(("bearer" = [])),
    params(Paging<10, 100>, Sorting<PageSort>, AdminPagesQuery),
    responses((status = 200, body = SuccessMeta<SitePage>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    Paging(page): Paging<10, 100>,
    Sorting(sort): Sorting<PageSort>,
    ApiQuery(query): ApiQuery<AdminPagesQuery>,
) -> ApiResult<Json<SuccessMeta<SitePage>>> {
    let filter = Filter {
        words: Words::read("search", query.search.as_deref())?,
        status: one_of("status", query.status.as_deref(), &STATUSES)?,
        kind: one_of("type", query.kind.as_deref(), &KINDS)?,
        category: query.category.filter(|text| !text.is_empty()),
        is_public: flag(query.is_public.as_deref()),
    };
    let listing = service::list(&state, &filter, sort, page).await?;
    Ok(Json(SuccessMeta::new(listing.map(SitePage::from), "Pages récupérées avec succès.")))
}

/// How many pages stand where.
#[utoipa::path(get, path = "/pages/stats", tag = "Administration", security(("bearer" = [])),
    responses((status = 200, body = PageStats), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn stats(State(state): State<AppState>, _: Admin) -> ApiResult<Json<PageStats>> {
    let counts = service::counts(&state).await?;
    let data = PageCounts {
        total: counts.total,
        published: counts.published,
        draft: counts.draft,
        archived: counts.archived,
        scheduled: counts.scheduled,
    };
    Ok(Json(PageStats { success: true, data, message: "Statistiques récupérées avec succès." }))
}

/// One page, by its name.
#[utoipa::path(get, path = "/pages/slug/{slug}", tag = "Administration", security(("bearer" = [])),
    params(("slug" = String, Path, max_length = 255)),
    responses((status = 200, body = PageAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn by_slug(
    State(state): State<AppState>,
    _: Admin,
    ApiPath(slug): ApiPath<String>,
) -> ApiResult<Json<PageAnswer>> {
    Ok(PageAnswer::new(service::by_slug(&state, &slug).await?, "Page récupérée avec succès."))
}

/// One page.
#[utoipa::path(get, path = "/pages/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = PageAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn one(State(state): State<AppState>, _: Admin, PathId(id): PathId) -> ApiResult<Json<PageAnswer>> {
    Ok(PageAnswer::new(service::one(&state, id).await?, "Page récupérée avec succès."))
}

/// Adds a page, as a draft unless a status is sent.
#[utoipa::path(post, path = "/pages", tag = "Administration", security(("bearer" = [])), request_body = PageBody,
    responses((status = 201, body = PageAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 409, description = "`SLUG_TAKEN`", body = ErrorBody)))]
async fn create(
    State(state): State<AppState>,
    Admin(admin): Admin,
    ApiJson(body): ApiJson<PageBody>,
) -> ApiResult<(StatusCode, Json<PageAnswer>)> {
    let page = service::create(&state, &admin.email, &body.into()).await?;
    Ok((StatusCode::CREATED, PageAnswer::new(page, "La page est ajoutée.")))
}

/// Changes a page: only what is sent.
#[utoipa::path(patch, path = "/pages/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = PageBody,
    responses((status = 200, body = PageAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, description = "`SLUG_TAKEN`", body = ErrorBody)))]
async fn update(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<PageBody>,
) -> ApiResult<Json<PageAnswer>> {
    let page = service::update(&state, &admin.email, id, &body.into()).await?;
    Ok(PageAnswer::new(page, "La page est modifiée."))
}

/// Publishes a page now.
#[utoipa::path(patch, path = "/pages/{id}/publish", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PageAnswer), (status = 400, description = "`ALREADY_PUBLISHED`", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn publish(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<PageAnswer>> {
    Ok(PageAnswer::new(service::publish(&state, &admin.email, id).await?, "La page est publiée."))
}

/// Makes a published page a draft again.
#[utoipa::path(patch, path = "/pages/{id}/unpublish", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PageAnswer), (status = 400, description = "`NOT_PUBLISHED`", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn unpublish(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<PageAnswer>> {
    let page = service::unpublish(&state, &admin.email, id).await?;
    Ok(PageAnswer::new(page, "La page n’est plus publiée."))
}

/// Removes a page.
#[utoipa::path(delete, path = "/pages/{id}", tag = "Administration", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = PageAnswer), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn delete(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<PageAnswer>> {
    Ok(PageAnswer::new(service::delete(&state, &admin.email, id).await?, "La page est supprimée."))
}
