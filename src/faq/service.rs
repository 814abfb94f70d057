//! Reading the questions, and what administrators do with them.

use serde_json::json;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Faq,
    store::{self, Filter},
};
use crate::{
    app::AppState,
    audit::{self, Act, acts},
    clock::new_id,
    db::with_retry,
    events::Tx,
    http::{
        ApiError, ApiResult, Page, Problems,
        cache::{self, Published},
        list::Listing,
    },
};

/// Headings whose lists are kept.
const KEPT: u64 = 64;

/// The public lists as they are answered, by heading; the empty one is the list of all.
#[derive(Clone)]
pub struct Shelf(cache::Shelf<String>);

impl Default for Shelf {
    fn default() -> Self {
        Self(cache::Shelf::new(KEPT))
    }
}

/// The visible questions under a heading, of all of them when it is empty, as `write` has them answered.
///
/// # Errors
/// 503 when the database is away.
pub async fn published(
    state: &AppState,
    categorie: String,
    write: impl FnOnce(Vec<Faq>) -> ApiResult<Published>,
) -> ApiResult<Published> {
    let load = async {
        let mut conn = state.db.conn().await?;
        let entries = store::visible(&mut conn, &categorie).await?;
        conn.release();
        write(entries)
    };
    state.faq.0.get(categorie.clone(), load).await
}

/// A page of all questions.
///
/// # Errors
/// When the database refuses.
pub async fn list(state: &AppState, filter: &Filter, page: Page) -> ApiResult<Listing<Faq>> {
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("faqs", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// One question, visible or not.
///
/// # Errors
/// 404 without it.
pub async fn one(state: &AppState, id: Uuid) -> ApiResult<Faq> {
    let mut conn = state.db.conn().await?;
    let faq = store::one(&mut conn, id).await?;
    conn.release();
    faq.ok_or_else(unknown)
}

/// What a question shall be; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What is asked.
    pub question: Option<String>,
    /// What is answered.
    pub answer: Option<String>,
    /// More of the answer, or nothing more.
    pub details: Option<Option<String>>,
    /// Rank in the list.
    pub ordre: Option<i32>,
    /// Whether the public sees it.
    pub visible: Option<bool>,
    /// Heading it stands under.
    pub categorie: Option<String>,
}

impl Change {
    /// The question with this changed, texts trimmed; empty ones that it cannot do without stay as they are.
    fn applied(&self, mut faq: Faq) -> Faq {
        let text = |new: &Option<String>| {
            new.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        faq.question = text(&self.question).unwrap_or(faq.question);
        faq.answer = text(&self.answer).unwrap_or(faq.answer);
        faq.categorie = text(&self.categorie).unwrap_or(faq.categorie);
        faq.details = self.details.as_ref().map_or(faq.details, text);
        faq.ordre = self.ordre.unwrap_or(faq.ordre);
        faq.visible = self.visible.unwrap_or(faq.visible);
        faq
    }
}

fn judged(faq: Faq) -> ApiResult<Faq> {
    let mut problems = Problems::default();
    let mut length = |field, text: &str, least: usize, most: usize, name: &str| {
        let count = text.chars().count();
        if count < least || count > most {
            let message = format!("{name} doit compter de {least} à {most} caractères.");
            problems.add(field, "length", message);
        }
    };
    length("question", &faq.question, 5, 2_000, "La question");
    length("answer", &faq.answer, 10, 50_000, "La réponse");
    length("categorie", &faq.categorie, 2, 100, "La catégorie");
    length("details", faq.details.as_deref().unwrap_or_default(), 0, 10_000, "Le complément");
    if faq.ordre < 0 {
        problems.add("ordre", "range", "L’ordre doit être un nombre positif ou nul.");
    }
    problems.finish().map(|()| faq)
}

/// Adds a question.
///
/// # Errors
/// 400 when a field breaks its rule.
pub async fn create(state: &AppState, actor: &str, new: &Change) -> ApiResult<Faq> {
    let now = state.clock.now();
    let blank = Faq {
        id: new_id(),
        question: String::new(),
        answer: String::new(),
        details: None,
        ordre: 0,
        visible: true,
        categorie: String::new(),
        created_at: now,
        updated_at: now,
    };
    let faq = judged(new.applied(blank))?;
    with_retry(|| async {
        let mut tx = state.begin().await?;
        store::insert(&mut tx, &faq).await?;
        let details = json!({ "question": faq.question, "visible": faq.visible });
        finish(state, tx, acts::FAQ_CREATED, actor, faq.id, details).await
    })
    .await?;
    Ok(faq)
}

/// Changes a question.
///
/// # Errors
/// 404 without it, 400 when a field would break its rule.
pub async fn update(state: &AppState, actor: &str, id: Uuid, change: &Change) -> ApiResult<Faq> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let before = locked(&mut tx, id).await?;
        let after = judged(change.applied(Faq { updated_at: state.clock.now(), ..before }))?;
        store::save(&mut tx, &after).await?;
        let details = json!({ "question": after.question, "ordre": after.ordre, "visible": after.visible });
        finish(state, tx, acts::FAQ_UPDATED, actor, id, details).await?;
        Ok(after)
    })
    .await
}

/// Removes a question; gives it as it was.
///
/// # Errors
/// 404 without it.
pub async fn delete(state: &AppState, actor: &str, id: Uuid) -> ApiResult<Faq> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let faq = locked(&mut tx, id).await?;
        store::delete(&mut tx, id).await?;
        let details = json!({ "question": faq.question });
        finish(state, tx, acts::FAQ_DELETED, actor, id, details).await?;
        Ok(faq)
    })
    .await
}

async fn locked(conn: &mut MySqlConnection, id: Uuid) -> ApiResult<Faq> {
    store::lock(conn, id).await?.ok_or_else(unknown)
}

async fn finish(
    state: &AppState,
    mut tx: Tx,
    act: Act,
    actor: &str,
    id: Uuid,
    details: serde_json::Value,
) -> ApiResult<()> {
    audit::record(&mut tx, act, actor, id, details).await?;
    tx.commit().await?;
    state.faq.0.forget();
    Ok(())
}

fn unknown() -> ApiError {
    ApiError::not_found("Cette question n’existe pas.")
}
