//! SQL of the price list.

use sqlx::MySqlConnection;

use super::{Tarif, Unite};

/// Every active line, in the order people see them.
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
