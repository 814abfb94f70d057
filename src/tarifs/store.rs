//! SQL of the price list.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Tarif, Unite,
    lines::{Family, Line},
};
use crate::{
    clock::new_id,
    db::{
        filter::{Enum, Select},
        is_referenced,
    },
    http::{
        Page,
        list::{Sort, SortKey, Words, sorts},
    },
};

/// Every active line, in the order people see them.
///
/// # Errors
/// When the database refuses.
pub async fn active(conn: &mut MySqlConnection) -> Result<Vec<Tarif>, sqlx::Error> {
    sqlx::query_as!(
        Tarif,
        r#"SELECT id, nom, description, prix, prix_formate, unite AS "unite: Unite", type_service, duree_estimee,
                  ordre, created_at, updated_at
           FROM tarifs WHERE actif = TRUE ORDER BY ordre, created_at, id"#
    )
    .fetch_all(conn)
    .await
}

/// A line to add, active at once.
pub struct NewTarif<'a> {
    /// Name of the service; no other line has it.
    pub nom: &'a str,
    /// What it comprises.
    pub description: &'a str,
    /// Cents, of the whole work or of a page.
    pub prix: i32,
    /// The price as people read it.
    pub prix_formate: &'a str,
    /// Which of the two `prix` is.
    pub unite: Unite,
    /// Family of the service.
    pub type_service: &'a str,
    /// How long it takes, as people read it.
    pub duree_estimee: &'a str,
    /// Rank in the list.
    pub ordre: i32,
}

/// The key that keeps names unique.
pub const NAME_KEY: &str = "tarifs_nom";

/// Adds a line. A taken name violates the key [`NAME_KEY`].
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: &NewTarif<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO tarifs
           (id, nom, description, prix, prix_formate, unite, type_service, duree_estimee, actif, ordre, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, TRUE, ?, ?, ?)",
        new_id(),
        new.nom,
        new.description,
        new.prix,
        new.prix_formate,
        new.unite,
        new.type_service,
        new.duree_estimee,
        new.ordre,
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

sorts! {
    /// How the list is ordered: as people see it, unless asked otherwise.
    pub enum TarifSort: id "id", default Ordre Asc {
        Ordre: "ordre" => "ordre";
        Nom: "nom" => "nom";
        Prix: "prix" => "prix";
        TypeService: "typeService" => "type_service";
        Actif: "actif" => "actif";
        CreatedAt: "createdAt" => "created_at";
        UpdatedAt: "updatedAt" => "updated_at";
    }
}

/// Which lines an administrator looks at.
#[derive(Debug, Hash)]
pub struct Filter {
    /// Each of them in the name, the description or the family.
    pub words: Words,
    /// Sold, or not.
    pub actif: Option<bool>,
    /// Of this family.
    pub type_service: Option<String>,
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        select
            .and_eq_some("actif", self.actif)
            .and_eq_some("type_service", self.type_service.as_deref())
            .and_words(&["nom", "description", "type_service"], &self.words)
    }
}

/// Rows for a page of the whole list.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: &Filter,
    sort: Sort<TarifSort>,
    page: Page,
) -> Result<Vec<Line>, sqlx::Error> {
    filter
        .keep(Select::of::<Line>("tarifs"))
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many the list has in all.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM tarifs")).count(conn).await
}

/// Every line, in display order.
pub async fn all(conn: &mut MySqlConnection) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        r#"SELECT id, nom, description, prix, prix_formate, unite AS "unite: Enum<Unite>", type_service, duree_estimee, actif, ordre,
                  stripe_product_id, stripe_price_id, created_at, updated_at
           FROM tarifs ORDER BY ordre, created_at, id"#
    )
    .fetch_all(conn)
    .await
}

/// One line.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        r#"SELECT id, nom, description, prix, prix_formate, unite AS "unite: Enum<Unite>", type_service, duree_estimee, actif, ordre,
                  stripe_product_id, stripe_price_id, created_at, updated_at
           FROM tarifs WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// One line, which nobody else changes until the end of the transaction.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        r#"SELECT id, nom, description, prix, prix_formate, unite AS "unite: Enum<Unite>", type_service, duree_estimee, actif, ordre,
                  stripe_product_id, stripe_price_id, created_at, updated_at
           FROM tarifs WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Every family of services, by name.
pub async fn families(conn: &mut MySqlConnection) -> Result<Vec<Family>, sqlx::Error> {
    sqlx::query_as!(
        Family,
        r#"SELECT type_service, COUNT(*) AS "lines!: i64", COUNT(IF(actif, 1, NULL)) AS "sold!: i64"
           FROM tarifs GROUP BY type_service ORDER BY type_service"#
    )
    .fetch_all(conn)
    .await
}

/// Adds a line as an administrator wrote it. A taken name violates the key [`NAME_KEY`].
pub async fn add(conn: &mut MySqlConnection, line: &Line) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO tarifs
           (id, nom, description, prix, prix_formate, unite, type_service, duree_estimee, actif, ordre, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        line.id,
        line.nom,
        line.description,
        line.prix,
        line.prix_formate,
        line.unite.0,
        line.type_service,
        line.duree_estimee,
        line.actif,
        line.ordre,
        line.created_at,
        line.updated_at
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes a line that was locked. A taken name violates the key [`NAME_KEY`].
pub async fn save(conn: &mut MySqlConnection, line: &Line) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE tarifs SET nom = ?, description = ?, prix = ?, prix_formate = ?, unite = ?, type_service = ?, duree_estimee = ?,
                actif = ?, ordre = ?, updated_at = ?
         WHERE id = ?",
        line.nom,
        line.description,
        line.prix,
        line.prix_formate,
        line.unite.0,
        line.type_service,
        line.duree_estimee,
        line.actif,
        line.ordre,
        line.updated_at,
        line.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes what Stripe calls a line; tells whether it is there.
pub async fn set_stripe(
    conn: &mut MySqlConnection,
    id: Uuid,
    product_id: &str,
    price_id: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE tarifs SET stripe_product_id = ?, stripe_price_id = ? WHERE id = ?",
        product_id,
        price_id,
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a line; tells whether nothing was ordered by it, so that it is gone.
pub async fn remove(conn: &mut MySqlConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    match sqlx::query!("DELETE FROM tarifs WHERE id = ?", id).execute(conn).await {
        Ok(_) => Ok(true),
        Err(error) if is_referenced(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
