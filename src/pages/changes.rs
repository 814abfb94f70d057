//! What a page shall be, and what a page may be.

use chrono::{DateTime, Utc};

use super::{Kind, Page, Status};
use crate::{
    db::filter::Enum,
    http::{ApiResult, Problems},
};

/// Longest short text, in characters.
const SHORT: usize = 255;
/// Longest text of a column that is no content, in characters.
const LONG: usize = 2_000;

/// What a page shall be; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "as the fields of Page")]
pub struct Change {
    pub title: Option<String>,
    pub slug: Option<String>,
    pub content: Option<String>,
    pub excerpt: Option<Option<String>>,
    pub kind: Option<Kind>,
    pub status: Option<Status>,
    pub meta_title: Option<Option<String>>,
    pub meta_description: Option<Option<String>>,
    pub meta_keywords: Option<Option<String>>,
    pub category: Option<Option<String>>,
    pub tags: Option<Option<String>>,
    pub sort_order: Option<i32>,
    pub is_public: Option<bool>,
    pub require_auth: Option<bool>,
    pub published_at: Option<Option<DateTime<Utc>>>,
}

impl Change {
    /// The page with this changed at this instant.
    ///
    /// # Errors
    /// 400 when a field would break its rule.
    pub(super) fn applied(&self, page: Page, now: DateTime<Utc>) -> ApiResult<Page> {
        let text =
            |new: &Option<String>, old: String| new.as_deref().map_or(old, |new| new.trim().to_owned());
        let optional = |new: &Option<Option<String>>, old: Option<String>| {
            let trimmed = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            new.as_ref().map_or(old, |new| new.as_ref().and_then(trimmed))
        };
        let before = page.status.0;
        let page = Page {
            title: text(&self.title, page.title),
            slug: text(&self.slug, page.slug),
            content: self.content.clone().unwrap_or(page.content),
            excerpt: optional(&self.excerpt, page.excerpt),
            kind: Enum(kind(page.kind.0, self.kind)),
            status: Enum(self.status.unwrap_or(before)),
            meta_title: optional(&self.meta_title, page.meta_title),
            meta_description: optional(&self.meta_description, page.meta_description),
            meta_keywords: optional(&self.meta_keywords, page.meta_keywords),
            category: optional(&self.category, page.category),
            tags: optional(&self.tags, page.tags),
            sort_order: self.sort_order.unwrap_or(page.sort_order),
            is_public: self.is_public.unwrap_or(page.is_public),
            require_auth: self.require_auth.unwrap_or(page.require_auth),
            published_at: self.published_at.unwrap_or(page.published_at),
            updated_at: now,
            ..page
        };
        let dated = dated(page, self.status.filter(|status| *status != before), now);
        judged(dated, self.published_at.is_some() || self.status.is_some(), now)
    }
}

/// A legal page stays one: the web application's editor calls every page it saves a `PAGE`.
fn kind(old: Kind, new: Option<Kind>) -> Kind {
    match (old, new) {
        (Kind::Legal, Some(Kind::Page)) => Kind::Legal,
        (old, new) => new.unwrap_or(old),
    }
}

/// When a page that comes to another status was published: now when it is, not at all when it no longer is.
fn dated(page: Page, became: Option<Status>, now: DateTime<Utc>) -> Page {
    let published_at = match became {
        Some(Status::Published) => page.published_at.filter(|at| *at <= now).or(Some(now)),
        Some(Status::Draft) => None,
        _ => page.published_at,
    };
    Page { published_at, ..page }
}

/// `scheduling`: whether the instant of publication is chosen now, so that it must be to come.
fn judged(page: Page, scheduling: bool, now: DateTime<Utc>) -> ApiResult<Page> {
    let mut problems = Problems::default();
    let title = page.title.chars().count();
    if title == 0 || title > SHORT {
        problems.add("title", "length", "Le titre doit compter de 1 à 255 caractères.");
    }
    if !is_slug(&page.slug) {
        let message = "L’adresse de la page est faite de lettres minuscules sans accent, de chiffres et de traits d’union (255 au plus).";
        problems.add("slug", "format", message);
    }
    if page.content.trim().is_empty() {
        problems.add("content", "required", "Le contenu est obligatoire.");
    }
    for (field, text, most) in [
        ("excerpt", &page.excerpt, LONG),
        ("metaTitle", &page.meta_title, SHORT),
        ("metaDescription", &page.meta_description, LONG),
        ("metaKeywords", &page.meta_keywords, LONG),
        ("category", &page.category, 100),
        ("tags", &page.tags, LONG),
    ] {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            problems.add(
                field,
                "length",
                format!("Ce champ ne peut pas dépasser {most} caractères : {field}."),
            );
        }
    }
    if scheduling && page.status.0 == Status::Scheduled && page.published_at.is_none_or(|at| at <= now) {
        let message = "Une publication programmée demande une date à venir.";
        problems.add("publishedAt", "future", message);
    }
    problems.finish().map(|()| page)
}

fn is_slug(slug: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    slug.len() <= SHORT && slug.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        for slug in ["cgv", "mentions-legales", "a-1"] {
            assert!(is_slug(slug), "{slug}");
        }
        for slug in ["", "-a", "a-", "a--b", "CGV", "été", "a b", "a/b", "a_b"] {
            assert!(!is_slug(slug), "{slug}");
        }
        assert!(is_slug(&"a".repeat(255)) && !is_slug(&"a".repeat(256)));
    }

    #[test]
    fn a_legal_page_is_no_page_like_any_other() {
        assert_eq!(kind(Kind::Legal, Some(Kind::Page)), Kind::Legal);
        assert_eq!(kind(Kind::Legal, Some(Kind::Help)), Kind::Help);
        assert_eq!(kind(Kind::Page, Some(Kind::Legal)), Kind::Legal);
        assert_eq!(kind(Kind::Blog, None), Kind::Blog);
    }
}
