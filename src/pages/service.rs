//! Reading pages, publishing them, and what administrators do with them.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Change, Kind, Page, Status, html,
    store::{self, Counts, Filter, PageSort},
};
use crate::{
    app::AppState,
    audit::{self, Act, SYSTEM, acts},
    clock::new_id,
    db::{filter::Enum, violates, with_retry},
    events::Tx,
    http::{
        self, ApiError, ApiResult,
        cache::{self, Published},
        list::{Listing, Sort},
    },
};

/// Pages kept.
const KEPT: u64 = 256;

/// Other names of pages, under which the order form looks for them.
const OTHER_NAMES: [(&str, &str); 2] =
    [("politique-de-confidentialite", "politique-confidentialite"), ("conditions-generales", "cgv")];

/// The public pages as they are answered, by the name they were asked for by.
#[derive(Clone)]
pub struct Shelf(cache::Shelf<String>);

impl Default for Shelf {
    fn default() -> Self {
        Self(cache::Shelf::new(KEPT))
    }
}

/// A page that the public may see, its HTML made harmless, as `write` has it answered.
///
/// # Errors
/// 404 when there is none, 503 when the database is away.
pub async fn published(
    state: &AppState,
    slug: String,
    write: impl FnOnce(Page) -> ApiResult<Published>,
) -> ApiResult<Published> {
    let load = async {
        let page = public(state, &slug).await?.ok_or_else(unknown)?;
        let harmless = |text: String| html::harmless(&text).into_owned();
        write(Page {
            content: harmless(page.content),
            excerpt: page.excerpt.map(harmless),
            // A scheduled page may be asked for before the job has noted that its time has come.
            status: Enum(Status::Published),
            ..page
        })
    };
    state.pages.0.get(slug.clone(), load).await
}

async fn public(state: &AppState, slug: &str) -> Result<Option<Page>, sqlx::Error> {
    let now = state.clock.now();
    let is_public = |page: &Page| page.is_public && is_out(page, now);
    let mut conn = state.db.conn().await?;
    let mut page = store::by_slug(&mut conn, slug).await?.filter(is_public);
    if let (None, Some((_, own))) = (&page, OTHER_NAMES.iter().find(|(other, _)| *other == slug)) {
        page = store::by_slug(&mut conn, own).await?.filter(is_public);
    }
    conn.release();
    Ok(page)
}

fn is_out(page: &Page, now: DateTime<Utc>) -> bool {
    match page.status.0 {
        Status::Published => true,
        Status::Scheduled => page.published_at.is_some_and(|at| at <= now),
        Status::Draft | Status::Archived => false,
    }
}

/// Notes as published the scheduled pages whose instant has come; answers how many.
///
/// # Errors
/// When the database refuses.
pub async fn publish_due(state: &AppState) -> Result<u64, sqlx::Error> {
    let now = state.clock.now();
    let mut conn = state.db.conn().await?;
    let due = store::due(&mut conn, now).await?;
    conn.release();
    for &id in &due {
        with_retry(|| publish_one(state, id, now)).await?;
    }
    if !due.is_empty() {
        state.pages.0.forget();
    }
    Ok(due.len() as u64)
}

async fn publish_one(state: &AppState, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let mut tx = state.begin().await?;
    // Whoever changed it meanwhile decided otherwise.
    let due = |page: &Page| page.status.0 == Status::Scheduled && is_out(page, now);
    let Some(page) = store::lock(&mut tx, id).await?.filter(due) else { return Ok(()) };
    let details = json!({ "slug": page.slug, "scheduled": page.published_at });
    store::save(&mut tx, &Page { status: Enum(Status::Published), updated_at: now, ..page }).await?;
    audit::record(&mut tx, acts::PAGE_PUBLISHED, SYSTEM, id, details).await?;
    tx.commit().await
}

/// A page of all pages.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    state: &AppState,
    filter: &Filter,
    sort: Sort<PageSort>,
    page: http::Page,
) -> ApiResult<Listing<Page>> {
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, sort, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("pages", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// How many pages stand where.
///
/// # Errors
/// When the database refuses.
pub async fn counts(state: &AppState) -> ApiResult<Counts> {
    let mut conn = state.db.conn().await?;
    let counts = store::counts(&mut conn).await?;
    conn.release();
    Ok(counts)
}

/// One page, whatever its status.
///
/// # Errors
/// 404 without it.
pub async fn one(state: &AppState, id: Uuid) -> ApiResult<Page> {
    let mut conn = state.db.conn().await?;
    let page = store::one(&mut conn, id).await?;
    conn.release();
    page.ok_or_else(unknown)
}

/// The page of this name, whatever its status.
///
/// # Errors
/// 404 without it.
pub async fn by_slug(state: &AppState, slug: &str) -> ApiResult<Page> {
    let mut conn = state.db.conn().await?;
    let page = store::by_slug(&mut conn, slug).await?;
    conn.release();
    page.ok_or_else(unknown)
}

/// A page without anything in it.
pub fn blank(now: DateTime<Utc>) -> Page {
    Page {
        id: new_id(),
        title: String::new(),
        slug: String::new(),
        content: String::new(),
        excerpt: None,
        kind: Enum(Kind::Page),
        status: Enum(Status::Draft),
        meta_title: None,
        meta_description: None,
        meta_keywords: None,
        category: None,
        tags: None,
        sort_order: 0,
        is_public: true,
        require_auth: false,
        published_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Adds a page.
///
/// # Errors
/// 400 when a field breaks its rule, 409 `SLUG_TAKEN`.
pub async fn create(state: &AppState, actor: &str, new: &Change) -> ApiResult<Page> {
    let now = state.clock.now();
    let page = new.applied(blank(now), now)?;
    with_retry(|| async {
        let mut tx = state.begin().await?;
        store::insert(&mut tx, &page).await.map_err(taken)?;
        finish(state, tx, acts::PAGE_CREATED, actor, &page).await
    })
    .await?;
    Ok(page)
}

/// Changes a page.
///
/// # Errors
/// 404 without it, 400 when a field would break its rule, 409 `SLUG_TAKEN`.
pub async fn update(state: &AppState, actor: &str, id: Uuid, change: &Change) -> ApiResult<Page> {
    change_to(state, actor, id, acts::PAGE_UPDATED, |_| Ok(change.clone())).await
}

/// Publishes a page now.
///
/// # Errors
/// 404 without it, 400 `ALREADY_PUBLISHED`.
pub async fn publish(state: &AppState, actor: &str, id: Uuid) -> ApiResult<Page> {
    let now = state.clock.now();
    change_to(state, actor, id, acts::PAGE_PUBLISHED, |page| match page.status.0 {
        Status::Published => Err(ApiError::bad_request("ALREADY_PUBLISHED", "Cette page est déjà publiée.")),
        _ => {
            Ok(Change { status: Some(Status::Published), published_at: Some(Some(now)), ..Change::default() })
        }
    })
    .await
}

/// Makes a published page a draft again.
///
/// # Errors
/// 404 without it, 400 `NOT_PUBLISHED`.
pub async fn unpublish(state: &AppState, actor: &str, id: Uuid) -> ApiResult<Page> {
    change_to(state, actor, id, acts::PAGE_UNPUBLISHED, |page| match page.status.0 {
        Status::Published => Ok(Change { status: Some(Status::Draft), ..Change::default() }),
        _ => Err(ApiError::bad_request("NOT_PUBLISHED", "Cette page n’est pas publiée.")),
    })
    .await
}

/// Removes a page; gives it as it was.
///
/// # Errors
/// 404 without it.
pub async fn delete(state: &AppState, actor: &str, id: Uuid) -> ApiResult<Page> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let page = locked(&mut tx, id).await?;
        store::delete(&mut tx, id).await?;
        finish(state, tx, acts::PAGE_DELETED, actor, &page).await?;
        Ok(page)
    })
    .await
}

async fn change_to(
    state: &AppState,
    actor: &str,
    id: Uuid,
    act: Act,
    decide: impl Fn(&Page) -> ApiResult<Change>,
) -> ApiResult<Page> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let before = locked(&mut tx, id).await?;
        let after = decide(&before)?.applied(before, state.clock.now())?;
        store::save(&mut tx, &after).await.map_err(taken)?;
        finish(state, tx, act, actor, &after).await?;
        Ok(after)
    })
    .await
}

async fn locked(conn: &mut MySqlConnection, id: Uuid) -> ApiResult<Page> {
    store::lock(conn, id).await?.ok_or_else(unknown)
}

async fn finish(state: &AppState, mut tx: Tx, act: Act, actor: &str, page: &Page) -> ApiResult<()> {
    let details = json!({
        "slug": page.slug, "title": page.title, "type": page.kind.0, "status": page.status.0,
        "isPublic": page.is_public, "publishedAt": page.published_at,
    });
    audit::record(&mut tx, act, actor, page.id, details).await?;
    tx.commit().await?;
    state.pages.0.forget();
    Ok(())
}

fn taken(error: sqlx::Error) -> ApiError {
    match violates(&error, store::SLUG_KEY) {
        true => ApiError::conflict("SLUG_TAKEN", "Une autre page a déjà cette adresse."),
        false => error.into(),
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("Cette page n’existe pas.")
}
