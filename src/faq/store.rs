//! SQL of the questions.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::Faq;
use crate::{
    db::filter::Select,
    http::{Page, list::Words},
};

/// Every visible question, in the order people see them; only those under a heading when one is named.
pub async fn visible(conn: &mut MySqlConnection, categorie: &str) -> Result<Vec<Faq>, sqlx::Error> {
    let only = (!categorie.is_empty()).then_some(categorie);
    listing().and_eq("visible", true).and_eq_some("categorie", only).order_as(ORDER).rows(conn).await
}

/// Which questions an administrator looks at.
#[derive(Debug, Hash)]
pub struct Filter {
    /// Each of them in the question, the answer or the details.
    pub words: Words,
    /// Seen by the public, or not.
    pub visible: Option<bool>,
    /// Under this heading.
    pub categorie: Option<String>,
}

const ORDER: &str = "ordre ASC, created_at ASC, id ASC";

fn listing() -> Select {
    Select::of::<Faq>("faqs")
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        select
            .and_eq_some("visible", self.visible)
            .and_eq_some("categorie", self.categorie.as_deref())
            .and_words(&["question", "answer", "COALESCE(details, '')"], &self.words)
    }
}

/// Rows for a page of an administrator's list, newest first within a rank.
pub async fn page(conn: &mut MySqlConnection, filter: &Filter, page: Page) -> Result<Vec<Faq>, sqlx::Error> {
    filter
        .keep(listing())
        .order_as("ordre ASC, created_at DESC, id DESC")
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many an administrator's list has in all.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM faqs")).count(conn).await
}

/// How many there are.
///
/// # Errors
/// When the database refuses.
pub async fn all(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT COUNT(*) FROM faqs").fetch_one(conn).await
}

/// One question.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Faq>, sqlx::Error> {
    sqlx::query_as!(
        Faq,
        "SELECT id, question, answer, details, ordre, visible, categorie, created_at, updated_at
         FROM faqs WHERE id = ?",
        id
    )
    .fetch_optional(conn)
    .await
}

/// One question, which nobody else changes until the end of the transaction.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Faq>, sqlx::Error> {
    sqlx::query_as!(
        Faq,
        "SELECT id, question, answer, details, ordre, visible, categorie, created_at, updated_at
         FROM faqs WHERE id = ? FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await
}

/// Adds a question.
///
/// # Errors
/// When the database refuses.
pub async fn insert(conn: &mut MySqlConnection, faq: &Faq) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO faqs (id, question, answer, details, ordre, visible, categorie, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        faq.id,
        faq.question,
        faq.answer,
        faq.details,
        faq.ordre,
        faq.visible,
        faq.categorie,
        faq.created_at,
        faq.updated_at
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes a question that was locked.
pub async fn save(conn: &mut MySqlConnection, faq: &Faq) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE faqs SET question = ?, answer = ?, details = ?, ordre = ?, visible = ?, categorie = ?, updated_at = ?
         WHERE id = ?",
        faq.question,
        faq.answer,
        faq.details,
        faq.ordre,
        faq.visible,
        faq.categorie,
        faq.updated_at,
        faq.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes a question.
pub async fn delete(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM faqs WHERE id = ?", id).execute(conn).await.map(drop)
}
