//! What an administrator writes into an order. Where it stands is [`super::super::moves`]' alone.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::super::{
    Priorite, moves,
    told::{DueDateMoved, OrderAssigned, OrderRef},
};
use crate::{
    audit::{self, acts},
    events::{self, Tx},
    http::{ApiError, ApiResult},
};

/// Fields to change; what is absent stays. An inner none empties the field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// Title.
    pub titre: Option<String>,
    /// The author's note.
    pub description: Option<Option<String>>,
    /// The team's note to the author.
    pub note_correcteur: Option<Option<String>>,
    /// How much it presses.
    pub priorite: Option<Priorite>,
    /// When it shall be finished.
    pub date_echeance: Option<Option<DateTime<Utc>>>,
    /// When it was finished.
    pub date_finition: Option<Option<DateTime<Utc>>>,
    /// Cents: an indication.
    pub prix_estime: Option<Option<i32>>,
    /// Pages as counted.
    pub pages_verifiees: Option<Option<i32>>,
    /// Why the date moves, for the author.
    pub motif: Option<String>,
}

struct Row {
    user_id: Uuid,
    reference: Option<String>,
    titre: String,
    description: Option<String>,
    note_correcteur: Option<String>,
    priorite: Priorite,
    date_echeance: Option<DateTime<Utc>>,
    date_finition: Option<DateTime<Utc>>,
    prix_estime: Option<i32>,
    pages_verifiees: Option<i32>,
}

/// Changes fields of an order, on record; the author hears of another date. Nothing is written where nothing changes.
///
/// # Errors
/// 404 without it.
pub async fn apply(tx: &mut Tx, by: &str, id: Uuid, fields: &Fields) -> ApiResult<()> {
    let row = lock(tx, id).await?.ok_or_else(moves::absent)?;
    let mut changed: Vec<&str> = Vec::new();
    let mut note = |name, differs: bool| changed.extend(differs.then_some(name));
    let titre = fields.titre.clone().unwrap_or_else(|| row.titre.clone());
    let description = fields.description.clone().unwrap_or_else(|| row.description.clone());
    let note_correcteur = fields.note_correcteur.clone().unwrap_or_else(|| row.note_correcteur.clone());
    let priorite = fields.priorite.unwrap_or(row.priorite);
    let date_echeance = fields.date_echeance.unwrap_or(row.date_echeance);
    let date_finition = fields.date_finition.unwrap_or(row.date_finition);
    let prix_estime = fields.prix_estime.unwrap_or(row.prix_estime);
    let pages_verifiees = fields.pages_verifiees.unwrap_or(row.pages_verifiees);
    note("titre", titre != row.titre);
    note("description", description != row.description);
    note("noteCorrecteur", note_correcteur != row.note_correcteur);
    note("priorite", priorite != row.priorite);
    note("dateEcheance", date_echeance != row.date_echeance);
    note("dateFinition", date_finition != row.date_finition);
    note("prixEstime", prix_estime != row.prix_estime);
    note("pagesVerifiees", pages_verifiees != row.pages_verifiees);
    if changed.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    sqlx::query!(
        "UPDATE commandes SET titre = ?, description = ?, note_correcteur = ?, priorite = ?, date_echeance = ?, date_finition = ?,
                prix_estime = ?, pages_verifiees = ?, updated_at = ? WHERE id = ?",
        titre,
        description,
        note_correcteur,
        priorite,
        date_echeance,
        date_finition,
        prix_estime,
        pages_verifiees,
        now,
        id
    )
    .execute(&mut **tx)
    .await?;
    audit::record(tx, acts::COMMAND_UPDATED, by, id, json!({ "changed": changed })).await?;
    match date_echeance {
        Some(due) if changed.contains(&"dateEcheance") => {
            let order = OrderRef::new(id, row.reference, titre);
            let moved =
                DueDateMoved { user_id: row.user_id, order, due, reason: fields.motif.clone(), at: now };
            Ok(events::record(tx, moved).await?)
        }
        _ => Ok(()),
    }
}

async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT user_id AS "user_id: Uuid", reference, titre, description, note_correcteur, priorite AS "priorite: Priorite",
                  date_echeance, date_finition, prix_estime, pages_verifiees
           FROM commandes WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Gives an order to a corrector, or takes it back, on record; the corrector hears of it. The caller has seen that it is one.
///
/// # Errors
/// 404 without the order.
pub async fn set_corrector(tx: &mut Tx, by: &str, id: Uuid, corrector: Option<Uuid>) -> ApiResult<()> {
    let row = lock(tx, id).await?.ok_or_else(moves::absent)?;
    let now = tx.now();
    let changed = sqlx::query!(
        "UPDATE commandes SET corrector_id = ?, updated_at = ? WHERE id = ? AND NOT (corrector_id <=> ?)",
        corrector,
        now,
        id,
        corrector
    );
    if changed.execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(());
    }
    let details: Value = json!({ "correctorId": corrector });
    audit::record(tx, acts::COMMAND_ASSIGNED, by, id, details).await?;
    match corrector {
        Some(corrector) => {
            let order = OrderRef::new(id, row.reference, row.titre);
            Ok(events::record(tx, OrderAssigned { corrector, order, at: now }).await?)
        }
        None => Ok(()),
    }
}

/// Removes an order that was never paid for, on record. The caller removed what belongs to it.
///
/// # Errors
/// 404 without it; 409 `ORDER_PAID` or `ORDER_INVOICED`.
pub async fn remove(tx: &mut Tx, by: &str, id: Uuid) -> ApiResult<()> {
    let row = sqlx::query!(
        r#"SELECT titre, reference, COALESCE(payment_status = 'paid', FALSE) AS "paid!: bool",
                  (EXISTS (SELECT 1 FROM invoices WHERE commande_id = c.id)
                   OR EXISTS (SELECT 1 FROM payments WHERE commande_id = c.id)) AS "booked!: bool"
           FROM commandes c WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(moves::absent)?;
    if row.paid {
        return Err(ApiError::conflict(
            "ORDER_PAID",
            "Une commande payée ne se supprime pas. Vous pouvez l’annuler ou la rembourser.",
        ));
    }
    if row.booked {
        return Err(ApiError::conflict(
            "ORDER_INVOICED",
            "Une commande facturée ne se supprime pas. Vous pouvez l’annuler.",
        ));
    }
    sqlx::query!("DELETE FROM commandes WHERE id = ?", id).execute(&mut **tx).await?;
    let details = json!({ "titre": row.titre, "reference": row.reference });
    Ok(audit::record(tx, acts::COMMAND_DELETED, by, id, details).await?)
}
