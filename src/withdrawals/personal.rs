//! Withdrawals, handed out and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    http::iso::Iso,
    subject::{ERASED_NOM, ERASED_PRENOM, Sections, Subject, exported},
};

/// Empties the declarations of a person. The rows stay: that and when an order was withdrawn from must be proved.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE withdrawals
         SET nom = ?, email = ?, message = NULL, fingerprint = NULL, updated_at = ?
         WHERE email = ? OR commande_id IN (SELECT c.id FROM commandes c WHERE c.user_id = ?)",
        format!("{ERASED_PRENOM} {ERASED_NOM}"),
        subject.erased_email(),
        now,
        subject.email,
        subject.user_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Amounts are cents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    id: Uuid,
    declared_at: Iso,
    nom: String,
    email: String,
    numero: Option<String>,
    message: Option<String>,
    commande_id: Option<Uuid>,
    state: String,
    price: Option<i32>,
    amount_kept: Option<i32>,
    reason: Option<String>,
    decided_at: Option<Iso>,
}

/// What a person declared.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let withdrawals = sqlx::query_as!(
        Exported,
        r#"SELECT w.id, w.declared_at, w.nom, w.email, w.numero, w.message, w.commande_id, w.state, w.price, w.amount_kept,
                  w.reason, w.decided_at AS "decided_at: Iso"
           FROM withdrawals w LEFT JOIN commandes c ON c.id = w.commande_id
           WHERE w.email = ? OR c.user_id = ? ORDER BY w.declared_at, w.id"#,
        subject.email,
        subject.user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("retractations", exported(&withdrawals)?)])
}
