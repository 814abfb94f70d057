//! SQL of the price list.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;

use super::{Tarif, Unite};
use crate::clock::new_id;

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
