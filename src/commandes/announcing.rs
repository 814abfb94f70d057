//! What the team is told of an order that waits for its payment: once, and not before the order can be paid.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

/// An order nobody was told of yet.
pub struct Unannounced {
    /// The order, until it is paid.
    pub id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// First name of its customer.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address.
    pub email: String,
    /// Title.
    pub titre: String,
    /// Due, in cents.
    pub amount: i32,
    /// Length declared.
    pub pages: Option<i32>,
    /// Whether it still waits.
    pub unpaid: bool,
    /// Documents received.
    pub files: i64,
}

/// Locks a pending order and notes that the team hears of it now; `None` when it has, or when the order is gone.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Unannounced>, sqlx::Error> {
    let taken = sqlx::query!(
        "UPDATE pending_commandes SET announced_at = ? WHERE id = ? AND announced_at IS NULL",
        now,
        id
    )
    .execute(&mut *conn)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query_as!(
        Unannounced,
        r#"SELECT p.id AS "id: Uuid", p.reference, p.prenom, p.nom, p.email, COALESCE(p.titre, t.nom) AS "titre!", p.amount,
                  p.nombre_pages AS pages, p.status <> 'PAID' AS "unpaid!: bool",
                  (SELECT COUNT(*) FROM files f WHERE f.pending_commande_id = p.id) AS "files!: i64"
           FROM pending_commandes p JOIN tarifs t ON t.id = p.tarif_id WHERE p.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Orders placed before an instant that nobody was told of, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn placed_before(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM pending_commandes WHERE announced_at IS NULL AND created_at < ?
           ORDER BY created_at LIMIT ?"#,
        before,
        limit
    )
    .fetch_all(conn)
    .await
}
