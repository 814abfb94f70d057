//! SQL of the pages.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Kind, Page, Status};
use crate::{
    db::filter::{Enum, Select},
    http::{
        self,
        list::{Sort, SortKey, Words, sorts},
    },
};

/// The key that keeps names in addresses unique.
pub const SLUG_KEY: &str = "pages_slug";

/// The page of this name, whatever its status. To the database a name is the same with blanks after it; here it is not.
pub async fn by_slug(conn: &mut MySqlConnection, slug: &str) -> Result<Option<Page>, sqlx::Error> {
    let found = sqlx::query_as!(
        Page,
        r#"SELECT id, title, slug, content, excerpt, type AS "kind: Enum<Kind>", status AS "status: Enum<Status>", meta_title,
                  meta_description, meta_keywords, category, tags, sort_order, is_public, require_auth, published_at,
                  created_at, updated_at
           FROM pages WHERE slug = ?"#,
        slug
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.filter(|page| page.slug == slug))
}

/// One page.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Page>, sqlx::Error> {
    sqlx::query_as!(
        Page,
        r#"SELECT id, title, slug, content, excerpt, type AS "kind: Enum<Kind>", status AS "status: Enum<Status>", meta_title,
                  meta_description, meta_keywords, category, tags, sort_order, is_public, require_auth, published_at,
                  created_at, updated_at
           FROM pages WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// One page, which nobody else changes until the end of the transaction.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Page>, sqlx::Error> {
    sqlx::query_as!(
        Page,
        r#"SELECT id, title, slug, content, excerpt, type AS "kind: Enum<Kind>", status AS "status: Enum<Status>", meta_title,
                  meta_description, meta_keywords, category, tags, sort_order, is_public, require_auth, published_at,
                  created_at, updated_at
           FROM pages WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

sorts! {
    /// How pages are ordered: the legal ones first, then the newest, unless asked otherwise.
    pub enum PageSort: id "id", default Usual Desc {
        Usual: "usual" => "(type = 'LEGAL')", "created_at";
        CreatedAt: "createdAt" => "created_at";
        UpdatedAt: "updatedAt" => "updated_at";
        PublishedAt: "publishedAt" => "published_at";
        Title: "title" => "title";
        Slug: "slug" => "slug";
        Status: "status" => "status";
        Type: "type" => "type";
        Category: "category" => "category";
        SortOrder: "sortOrder" => "sort_order";
    }
}

/// Which pages an administrator looks at.
#[derive(Debug, Hash)]
pub struct Filter {
    /// Each of them in the title, the slug or the content.
    pub words: Words,
    /// Of this status.
    pub status: Option<Status>,
    /// Of this type.
    pub kind: Option<Kind>,
    /// Under this heading.
    pub category: Option<String>,
    /// For the public, or not.
    pub is_public: Option<bool>,
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        select
            .and_eq_some("status", self.status)
            .and_eq_some("type", self.kind)
            .and_eq_some("category", self.category.as_deref())
            .and_eq_some("is_public", self.is_public)
            .and_words(&["title", "slug", "content"], &self.words)
    }
}

/// Rows for a page of the list.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: &Filter,
    sort: Sort<PageSort>,
    page: http::Page,
) -> Result<Vec<Page>, sqlx::Error> {
    filter
        .keep(Select::of::<Page>("pages"))
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many the list has in all.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM pages")).count(conn).await
}

/// How many pages stand where.
pub struct Counts {
    /// All of them.
    pub total: i64,
    /// Public ones.
    pub published: i64,
    /// Being written.
    pub draft: i64,
    /// Put away.
    pub archived: i64,
    /// To come.
    pub scheduled: i64,
}

/// How many pages stand where.
pub async fn counts(conn: &mut MySqlConnection) -> Result<Counts, sqlx::Error> {
    sqlx::query_as!(
        Counts,
        r#"SELECT COUNT(*) AS "total!: i64", COUNT(IF(status = 'PUBLISHED', 1, NULL)) AS "published!: i64",
                  COUNT(IF(status = 'DRAFT', 1, NULL)) AS "draft!: i64",
                  COUNT(IF(status = 'ARCHIVED', 1, NULL)) AS "archived!: i64",
                  COUNT(IF(status = 'SCHEDULED', 1, NULL)) AS "scheduled!: i64"
           FROM pages"#
    )
    .fetch_one(conn)
    .await
}

/// Scheduled pages whose instant has come.
pub async fn due(conn: &mut MySqlConnection, now: DateTime<Utc>) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM pages WHERE status = 'SCHEDULED' AND published_at <= ? ORDER BY published_at, id"#,
        now
    )
    .fetch_all(conn)
    .await
}

/// Adds a page. A taken name violates the key [`SLUG_KEY`].
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: &mut MySqlConnection, page: &Page) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO pages (id, title, slug, content, excerpt, type, status, meta_title, meta_description, meta_keywords,
                            category, tags, sort_order, is_public, require_auth, published_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        page.id,
        page.title,
        page.slug,
        page.content,
        page.excerpt,
        page.kind.0,
        page.status.0,
        page.meta_title,
        page.meta_description,
        page.meta_keywords,
        page.category,
        page.tags,
        page.sort_order,
        page.is_public,
        page.require_auth,
        page.published_at,
        page.created_at,
        page.updated_at
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes a page that was locked. A taken name violates the key [`SLUG_KEY`].
pub async fn save(conn: &mut MySqlConnection, page: &Page) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE pages SET title = ?, slug = ?, content = ?, excerpt = ?, type = ?, status = ?, meta_title = ?,
                meta_description = ?, meta_keywords = ?, category = ?, tags = ?, sort_order = ?, is_public = ?,
                require_auth = ?, published_at = ?, updated_at = ?
         WHERE id = ?",
        page.title,
        page.slug,
        page.content,
        page.excerpt,
        page.kind.0,
        page.status.0,
        page.meta_title,
        page.meta_description,
        page.meta_keywords,
        page.category,
        page.tags,
        page.sort_order,
        page.is_public,
        page.require_auth,
        page.published_at,
        page.updated_at,
        page.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes a page.
pub async fn delete(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM pages WHERE id = ?", id).execute(conn).await.map(drop)
}
