//! The whole price list, as administrators write it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Unite,
    format::prix_formate,
    store::{self, Filter, NAME_KEY, TarifSort},
};
use crate::{
    app::AppState,
    audit::{self, Act, acts},
    clock::new_id,
    db::{columns::columns, filter::Enum, violates, with_retry},
    events::Tx,
    http::{
        ApiError, ApiResult, Page, Problems,
        list::{Listing, Sort},
    },
};

columns! {
    /// A line of the price list, active or not.
    #[derive(Clone, Debug)]
    #[allow(missing_docs, reason = "as the fields of Tarif")]
    pub struct Line {
        pub id: Uuid,
        pub nom: String,
        pub description: String,
        pub prix: i32,
        pub prix_formate: String,
        pub unite: Enum<Unite>,
        pub type_service: String,
        pub duree_estimee: Option<String>,
        /// Whether it is sold.
        pub actif: bool,
        pub ordre: i32,
        /// What Stripe calls the service, once it knows it.
        pub stripe_product_id: Option<String>,
        /// What Stripe calls its price, once it knows it.
        pub stripe_price_id: Option<String>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

/// What a line shall be; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "as the fields of Line")]
pub struct Change {
    pub nom: Option<String>,
    pub description: Option<String>,
    pub prix: Option<i32>,
    /// A price as people write it; only whether it is one of a page counts.
    pub prix_formate: Option<String>,
    pub unite: Option<Unite>,
    pub type_service: Option<String>,
    pub duree_estimee: Option<Option<String>>,
    pub actif: Option<bool>,
    pub ordre: Option<i32>,
}

impl Change {
    fn applied(&self, line: Line, now: DateTime<Utc>) -> Line {
        let text =
            |new: &Option<String>, old: String| new.as_deref().map_or(old, |new| new.trim().to_owned());
        let prix = self.prix.unwrap_or(line.prix);
        let unite = self.unite(line.unite.0);
        let duration = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Line {
            nom: text(&self.nom, line.nom),
            description: text(&self.description, line.description),
            prix,
            prix_formate: prix_formate(prix.into(), unite),
            unite: Enum(unite),
            type_service: text(&self.type_service, line.type_service),
            duree_estimee: self
                .duree_estimee
                .as_ref()
                .map_or(line.duree_estimee, |new| new.as_ref().and_then(duration)),
            actif: self.actif.unwrap_or(line.actif),
            ordre: self.ordre.unwrap_or(line.ordre),
            updated_at: now,
            ..line
        }
    }

    /// A price written `2€/page` is one of a page. One written without does not stop being one: the web application's
    /// form writes `0€` whatever it is about.
    fn unite(&self, old: Unite) -> Unite {
        let says_page = self.prix_formate.as_deref().is_some_and(|text| text.trim_end().ends_with("/page"));
        match (self.unite, says_page) {
            (Some(unite), _) => unite,
            (None, true) => Unite::Page,
            (None, false) => old,
        }
    }
}

fn judged(line: Line) -> ApiResult<Line> {
    let mut problems = Problems::default();
    for (field, text, most, name) in [
        ("nom", &line.nom, 255, "Le nom"),
        ("description", &line.description, 5_000, "La description"),
        ("typeService", &line.type_service, 100, "Le type de service"),
    ] {
        if text.is_empty() {
            problems.add(field, "required", format!("{name} est obligatoire."));
        } else if text.chars().count() > most {
            problems.add(field, "length", format!("{name} ne peut pas dépasser {most} caractères."));
        }
    }
    if line.duree_estimee.as_ref().is_some_and(|text| text.chars().count() > 100) {
        problems.add("dureeEstimee", "length", "La durée ne peut pas dépasser 100 caractères.");
    }
    if line.prix < 0 {
        problems.add("prix", "range", "Le prix est un nombre de centimes, positif ou nul.");
    }
    if line.ordre < 0 {
        problems.add("ordre", "range", "L’ordre doit être un nombre positif ou nul.");
    }
    problems.finish().map(|()| line)
}

/// A page of the whole list.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    state: &AppState,
    filter: &Filter,
    sort: Sort<TarifSort>,
    page: Page,
) -> ApiResult<Listing<Line>> {
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, sort, page).await?;
    let count = store::count(&mut conn, filter);
    let listing = state.totals.listing("tarifs", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// Every line, in display order.
///
/// # Errors
/// When the database refuses.
pub async fn all(state: &AppState) -> Result<Vec<Line>, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    let lines = store::all(&mut conn).await?;
    conn.release();
    Ok(lines)
}

/// How many lines a family of services has, and how many of them are sold.
pub struct Family {
    /// The family.
    pub type_service: String,
    /// Its lines.
    pub lines: i64,
    /// Those that are sold.
    pub sold: i64,
}

/// Every family of services, by name.
///
/// # Errors
/// When the database refuses.
pub async fn families(state: &AppState) -> ApiResult<Vec<Family>> {
    let mut conn = state.db.conn().await?;
    let families = store::families(&mut conn).await?;
    conn.release();
    Ok(families)
}

/// One line.
///
/// # Errors
/// 404 without it.
pub async fn one(state: &AppState, id: Uuid) -> ApiResult<Line> {
    let mut conn = state.db.conn().await?;
    let line = store::one(&mut conn, id).await?;
    conn.release();
    line.ok_or_else(unknown)
}

/// Adds a line.
///
/// # Errors
/// 400 when a field breaks its rule, 409 `TARIF_EXISTS` when another has the name.
pub async fn create(state: &AppState, actor: &str, new: &Change) -> ApiResult<Line> {
    let now = state.clock.now();
    let blank = Line {
        id: new_id(),
        nom: String::new(),
        description: String::new(),
        prix: 0,
        prix_formate: String::new(),
        unite: Enum(Unite::Forfait),
        type_service: String::new(),
        duree_estimee: None,
        actif: true,
        ordre: 0,
        stripe_product_id: None,
        stripe_price_id: None,
        created_at: now,
        updated_at: now,
    };
    let line = judged(new.applied(blank, now))?;
    if new.prix.is_none() {
        return Err(ApiError::invalid_field("prix", "Le prix est obligatoire."));
    }
    with_retry(|| async {
        let mut tx = state.begin().await?;
        store::add(&mut tx, &line).await.map_err(taken)?;
        finish(state, tx, acts::TARIF_CREATED, actor, line.id, told(&line)).await
    })
    .await?;
    Ok(line)
}

/// Changes a line. Orders placed before keep their price.
///
/// # Errors
/// 404 without it, 400 when a field would break its rule, 409 `TARIF_EXISTS`.
pub async fn update(state: &AppState, actor: &str, id: Uuid, change: &Change) -> ApiResult<Line> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let before = locked(&mut tx, id).await?;
        let former = before.prix;
        let after = judged(change.applied(before, state.clock.now()))?;
        store::save(&mut tx, &after).await.map_err(taken)?;
        let mut details = told(&after);
        if let (Value::Object(details), true) = (&mut details, former != after.prix) {
            details.insert("formerPrix".to_owned(), former.into());
        }
        finish(state, tx, acts::TARIF_UPDATED, actor, id, details).await?;
        Ok(after)
    })
    .await
}

/// Removes a line that nothing was ordered by; gives it as it was.
///
/// # Errors
/// 404 without it, 409 `TARIF_ORDERED`.
pub async fn delete(state: &AppState, actor: &str, id: Uuid) -> ApiResult<Line> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let line = locked(&mut tx, id).await?;
        if !store::remove(&mut tx, id).await? {
            let message = "Des commandes suivent ce tarif : désactivez-le plutôt que de le supprimer.";
            return Err(ApiError::conflict("TARIF_ORDERED", message));
        }
        finish(state, tx, acts::TARIF_DELETED, actor, id, told(&line)).await?;
        Ok(line)
    })
    .await
}

/// Notes what Stripe calls a line. One that is gone meanwhile is left alone.
///
/// # Errors
/// When the database refuses.
pub async fn note_stripe(
    state: &AppState,
    actor: &str,
    id: Uuid,
    product_id: &str,
    price_id: &str,
) -> Result<(), sqlx::Error> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        if store::set_stripe(&mut tx, id, product_id, price_id).await? {
            let details = json!({ "stripeProductId": product_id, "stripePriceId": price_id });
            audit::record(&mut tx, acts::TARIF_SYNCED, actor, id, details).await?;
        }
        tx.commit().await
    })
    .await
}

async fn locked(conn: &mut MySqlConnection, id: Uuid) -> ApiResult<Line> {
    store::lock(conn, id).await?.ok_or_else(unknown)
}

fn told(line: &Line) -> Value {
    json!({ "nom": line.nom, "prix": line.prix, "unite": line.unite.0, "actif": line.actif })
}

async fn finish(
    state: &AppState,
    mut tx: Tx,
    act: Act,
    actor: &str,
    id: Uuid,
    details: Value,
) -> ApiResult<()> {
    audit::record(&mut tx, act, actor, id, details).await?;
    tx.commit().await?;
    state.tarifs.forget();
    Ok(())
}

fn taken(error: sqlx::Error) -> ApiError {
    match violates(&error, NAME_KEY) {
        true => ApiError::conflict("TARIF_EXISTS", "Un autre tarif a déjà ce nom."),
        false => error.into(),
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("Ce tarif n’existe pas.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_of_a_page_stays_one_unless_told_otherwise() {
        let unite = |text: Option<&str>, unite, old| {
            Change { prix_formate: text.map(str::to_owned), unite, ..Change::default() }.unite(old)
        };
        use Unite::{Forfait, Page};
        assert_eq!(unite(Some("0€"), None, Forfait), Forfait);
        assert_eq!(unite(Some("3€"), None, Page), Page);
        assert_eq!(unite(Some("2€/page"), None, Forfait), Page);
        assert_eq!(unite(None, Some(Forfait), Page), Forfait);
        assert_eq!(unite(Some("2€/page "), Some(Forfait), Page), Forfait);
    }
}
