//! Editable pages of the public site.
//!
//! | route                                            | who           | what                                        |
//! |--------------------------------------------------|---------------|---------------------------------------------|
//! | `GET /pages/slug/{slug}`, `/public/pages/{slug}` | everybody     | a published page, its HTML made harmless    |
//! | `/admin/pages`                                   | administrator | all of them, see `admin/pages.rs`           |
//!
//! A scheduled page is public from its instant on; a job then notes that it is published.

mod changes;
mod html;
pub mod jobs;
mod routes;
pub mod service;
pub mod store;
pub mod wire;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use changes::Change;
pub use routes::router;
pub use service::Shelf;

use crate::db::{columns::columns, filter::Enum};

/// What a page is, as the `pages.type` column names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = PageType)]
#[allow(missing_docs, reason = "the words of the web application")]
pub enum Kind {
    Page,
    Faq,
    Blog,
    Legal,
    Help,
    Landing,
}

/// Where a page stands, as the `pages.status` column names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = PageStatus)]
pub enum Status {
    /// Being written.
    Draft,
    /// Public.
    Published,
    /// Put away.
    Archived,
    /// Public from `publishedAt` on.
    Scheduled,
}

columns! {
    /// A page.
    #[derive(Clone, Debug)]
    pub struct Page {
        /// The page.
        pub id: Uuid,
        /// Its title.
        pub title: String,
        /// Its name in addresses; no other page has it.
        pub slug: String,
        /// Plain text, or HTML.
        pub content: String,
        /// The page in one or two sentences.
        pub excerpt: Option<String>,
        /// What it is.
        pub kind: Enum<Kind> = "type",
        /// Where it stands.
        pub status: Enum<Status>,
        /// Title for search engines.
        pub meta_title: Option<String>,
        /// Description for search engines.
        pub meta_description: Option<String>,
        /// Keywords for search engines.
        pub meta_keywords: Option<String>,
        /// Heading it stands under.
        pub category: Option<String>,
        /// Labels.
        pub tags: Option<String>,
        /// Rank among its like.
        pub sort_order: i32,
        /// Whether the public may see it once it is published.
        pub is_public: bool,
        /// Whether the web application asks for a session first.
        pub require_auth: bool,
        /// When it was, or will be, published.
        pub published_at: Option<DateTime<Utc>>,
        /// When it was added.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}
