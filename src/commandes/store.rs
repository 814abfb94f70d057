//! SQL of the orders.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{PaymentStatus, Statut};
use crate::http::Page;

/// An order as its owner reads it.
pub struct OwnCommande {
    pub id: Uuid,
    pub titre: String,
    pub description: Option<String>,
    pub fichier_url: Option<String>,
    pub statut: Statut,
    pub note_client: Option<String>,
    pub note_correcteur: Option<String>,
    pub payment_status: Option<PaymentStatus>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A page of someone's orders, newest first, of one status or all.
pub async fn of_user(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    statut: Option<Statut>,
    page: Page,
) -> Result<Vec<OwnCommande>, sqlx::Error> {
    sqlx::query_as!(
        OwnCommande,
        r#"SELECT id, titre, description, fichier_url, statut AS "statut: Statut", note_client, note_correcteur,
                  payment_status AS "payment_status: PaymentStatus", created_at, updated_at
           FROM commandes WHERE user_id = ? AND (? IS NULL OR statut = ?)
           ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"#,
        user_id,
        statut,
        statut,
        page.limit,
        page.offset()
    )
    .fetch_all(conn)
    .await
}

/// How many orders of one status, or of all, someone has.
pub async fn count_of_user(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    statut: Option<Statut>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT COUNT(*) FROM commandes WHERE user_id = ? AND (? IS NULL OR statut = ?)",
        user_id,
        statut,
        statut
    )
    .fetch_one(conn)
    .await
}

/// One order of someone.
pub async fn one_of_user(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
) -> Result<Option<OwnCommande>, sqlx::Error> {
    sqlx::query_as!(
        OwnCommande,
        r#"SELECT id, titre, description, fichier_url, statut AS "statut: Statut", note_client, note_correcteur,
                  payment_status AS "payment_status: PaymentStatus", created_at, updated_at
           FROM commandes WHERE id = ? AND user_id = ?"#,
        id,
        user_id
    )
    .fetch_optional(conn)
    .await
}
