//! Orders, pending ones included, handed out and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::Buyer;
use crate::{
    http::iso::Iso,
    subject::{ERASED_NOM, ERASED_PRENOM, ERASED_TITLE, Sections, Subject, exported},
};

/// Adds the names, numbers and titles given with orders, and the orders' ids.
///
/// # Errors
/// When the database refuses.
pub async fn trace(conn: &mut MySqlConnection, subject: &mut Subject) -> Result<(), sqlx::Error> {
    let pending = sqlx::query!(
        r#"SELECT id AS "id: Uuid", prenom, nom, telephone, titre FROM pending_commandes WHERE user_id = ? OR email = ?"#,
        subject.user_id,
        subject.email
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in pending {
        subject.add_reference(row.id);
        subject.add_name(&row.prenom, &row.nom);
        row.telephone.iter().for_each(|phone| subject.add_phone(phone));
        row.titre.iter().for_each(|titre| subject.add_title(titre));
    }
    let orders = sqlx::query!("SELECT id, titre FROM commandes WHERE user_id = ?", subject.user_id)
        .fetch_all(conn)
        .await?;
    for order in orders {
        subject.add_reference(order.id);
        subject.add_title(&order.titre);
    }
    Ok(())
}

/// Empties the orders of what their author wrote. The rows stay: what was ordered and paid must be accounted for.
///
/// A pending order stays too, as the erased account's: someone may be paying it at this moment, and that money must
/// find its order. Unpaid, it goes with the others that nobody paid.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE commandes
         SET titre = ?, description = NULL, fichier_url = NULL, note_client = NULL, note_correcteur = NULL,
             buyer = NULL, updated_at = ?
         WHERE user_id = ?",
        ERASED_TITLE,
        now,
        subject.user_id
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE pending_commandes
         SET user_id = ?, prenom = ?, nom = ?, email = ?, telephone = NULL, adresse = NULL, titre = NULL,
             description = NULL, buyer = NULL, fingerprint = NULL, status = IF(status = 'PENDING', 'EXPIRED', status), updated_at = ?
         WHERE user_id = ? OR email = ?",
        subject.user_id,
        ERASED_PRENOM,
        ERASED_NOM,
        subject.erased_email(),
        now,
        subject.user_id,
        subject.email
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE express_requests SET email = ?
         WHERE email = ? OR commande_id IN (SELECT c.id FROM commandes c WHERE c.user_id = ?)
            OR pending_commande_id IN (SELECT p.id FROM pending_commandes p WHERE p.user_id = ?)",
        subject.erased_email(),
        subject.email,
        subject.user_id,
        subject.user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Amounts are cents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Commande {
    id: Uuid,
    reference: Option<String>,
    titre: String,
    description: Option<String>,
    fichier_url: Option<String>,
    statut: String,
    payment_status: Option<String>,
    note_client: Option<String>,
    note_correcteur: Option<String>,
    service: Option<String>,
    pages_declarees: Option<i32>,
    pages_verifiees: Option<i32>,
    amount: Option<i32>,
    facturation: Option<Json<Buyer>>,
    stripe_session_id: Option<String>,
    paid_at: Option<Iso>,
    date_echeance: Option<Iso>,
    date_finition: Option<Iso>,
    created_at: Iso,
    updated_at: Iso,
}

/// Amounts are cents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pending {
    id: Uuid,
    reference: Option<String>,
    prenom: String,
    nom: String,
    email: String,
    telephone: Option<String>,
    adresse: Option<String>,
    titre: Option<String>,
    description: Option<String>,
    service: Option<String>,
    nombre_pages: Option<i32>,
    amount: i32,
    facturation: Option<Json<Buyer>>,
    consentement_rgpd: bool,
    statut: String,
    created_at: Iso,
    updated_at: Iso,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExpressRequest {
    commande_id: Option<Uuid>,
    source: String,
    email: String,
    version_cgv: String,
    requested_at: Iso,
}

/// The person's orders and those that waited, or wait, for their payment.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let orders = orders(conn, subject.user_id).await?;
    let pending = pending(conn, subject).await?;
    let express = express_requests(conn, subject).await?;
    Ok(vec![
        ("commandes", exported(&orders)?),
        ("commandesEnAttente", exported(&pending)?),
        ("demandesExpresses", exported(&express)?),
    ])
}

async fn express_requests(
    conn: &mut MySqlConnection,
    subject: &Subject,
) -> Result<Vec<ExpressRequest>, sqlx::Error> {
    sqlx::query_as!(
        ExpressRequest,
        "SELECT e.commande_id, e.source, e.email, e.terms_version AS version_cgv, e.requested_at
         FROM express_requests e
         LEFT JOIN commandes c ON c.id = e.commande_id LEFT JOIN pending_commandes p ON p.id = e.pending_commande_id
         WHERE c.user_id = ? OR p.user_id = ? OR e.email = ? ORDER BY e.requested_at, e.id",
        subject.user_id,
        subject.user_id,
        subject.email
    )
    .fetch_all(conn)
    .await
}

async fn orders(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Commande>, sqlx::Error> {
    sqlx::query_as!(
        Commande,
        r#"SELECT c.id, c.reference, c.titre, c.description, c.fichier_url, c.statut, c.payment_status, c.note_client,
                  c.note_correcteur, COALESCE(t.nom, c.pack_type) AS service, c.pages_declarees, c.pages_verifiees,
                  c.amount, c.buyer AS "facturation: Json<Buyer>", c.stripe_session_id,
                  c.paid_at AS "paid_at: Iso", c.date_echeance AS "date_echeance: Iso",
                  c.date_finition AS "date_finition: Iso", c.created_at, c.updated_at
           FROM commandes c LEFT JOIN tarifs t ON t.id = c.tarif_id
           WHERE c.user_id = ? ORDER BY c.created_at, c.id"#,
        user_id
    )
    .fetch_all(conn)
    .await
}

async fn pending(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Pending>, sqlx::Error> {
    sqlx::query_as!(
        Pending,
        r#"SELECT p.id, p.reference, p.prenom, p.nom, p.email, p.telephone, p.adresse, p.titre, p.description,
                  t.nom AS "service?", p.nombre_pages, p.amount, p.buyer AS "facturation: Json<Buyer>",
                  p.consentement_rgpd, p.status AS statut, p.created_at, p.updated_at
           FROM pending_commandes p LEFT JOIN tarifs t ON t.id = p.tarif_id
           WHERE p.user_id = ? OR p.email = ? ORDER BY p.created_at, p.id"#,
        subject.user_id,
        subject.email
    )
    .fetch_all(conn)
    .await
}
