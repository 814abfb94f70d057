//! A page as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Kind, Page, Status};
use crate::http::iso::Iso;

/// A page of the site.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SitePage {
    id: Uuid,
    title: String,
    /// Its name in addresses.
    slug: String,
    /// Plain text, or HTML.
    content: String,
    excerpt: Option<String>,
    #[serde(rename = "type")]
    kind: Kind,
    status: Status,
    meta_title: Option<String>,
    meta_description: Option<String>,
    meta_keywords: Option<String>,
    category: Option<String>,
    tags: Option<String>,
    sort_order: i32,
    is_public: bool,
    require_auth: bool,
    published_at: Option<Iso>,
    created_at: Iso,
    updated_at: Iso,
}

impl From<Page> for SitePage {
    fn from(page: Page) -> Self {
        Self {
            id: page.id,
            title: page.title,
            slug: page.slug,
            content: page.content,
            excerpt: page.excerpt,
            kind: page.kind.0,
            status: page.status.0,
            meta_title: page.meta_title,
            meta_description: page.meta_description,
            meta_keywords: page.meta_keywords,
            category: page.category,
            tags: page.tags,
            sort_order: page.sort_order,
            is_public: page.is_public,
            require_auth: page.require_auth,
            published_at: page.published_at.map(Iso),
            created_at: page.created_at.into(),
            updated_at: page.updated_at.into(),
        }
    }
}
