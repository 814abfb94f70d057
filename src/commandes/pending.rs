//! Orders waiting for their first payment.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{Buyer, intake::Order};
use crate::{
    app::AppState,
    db::with_retry,
    events::Hint,
    files::{deletions, store as files},
};

/// Whether an order waiting for its payment got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
pub enum PendingStatus {
    /// Not yet.
    Pending,
    /// Yes: it became an order.
    Paid,
    /// Its payment page closed unpaid.
    Expired,
}

/// What anyone holding the id may know of a pending order.
pub(super) struct PendingState {
    pub status: PendingStatus,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<PendingState>, sqlx::Error> {
    sqlx::query_as!(
        PendingState,
        r#"SELECT status AS "status: PendingStatus", created_at FROM pending_commandes WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn insert(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    id: Uuid,
    order: &Order,
) -> Result<(), sqlx::Error> {
    let customer = &order.customer;
    sqlx::query!(
        "INSERT INTO pending_commandes
           (id, user_id, prenom, nom, email, telephone, adresse, tarif_id, titre, description, nombre_pages, amount,
            buyer, consentement_rgpd, status, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, TRUE, 'PENDING', ?, ?)",
        id,
        customer.user_id,
        customer.prenom,
        customer.nom,
        customer.email,
        customer.telephone,
        customer.adresse,
        order.quote.tarif.id,
        order.titre,
        order.description,
        order.quote.pages,
        order.quote.amount,
        order.buyer.as_ref().map(Json::<&Buyer>),
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back an order that cannot be paid: row, documents and objects. An order paid, or being paid, meanwhile stays.
///
/// # Errors
/// When the database is away; the purge then takes it later.
pub async fn discard(state: &AppState, id: Uuid) -> Result<(), sqlx::Error> {
    let keys = with_retry(|| async {
        let mut tx = state.begin().await?;
        if !is_unpaid(&mut tx, id).await? {
            return Ok(vec![]);
        }
        let keys = remove(&mut tx, state.clock.now(), id).await?;
        tx.hint(Hint::Deletions);
        tx.commit().await?;
        Ok::<_, sqlx::Error>(keys)
    })
    .await?;
    deletions::remove_now(state, &keys).await;
    Ok(())
}

/// Removes the rows of a pending order, which the caller has locked, and queues its objects; returns their keys.
pub(super) async fn remove(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    id: Uuid,
) -> Result<Vec<String>, sqlx::Error> {
    let keys = files::keys_of_pending(conn, id).await?;
    for key in &keys {
        deletions::queue(conn, now, key).await?;
    }
    files::delete_of_pending(conn, id).await?;
    sqlx::query!("DELETE FROM pending_commandes WHERE id = ?", id).execute(conn).await?;
    Ok(keys)
}

/// Locks the row; whether nobody paid it nor is about to.
async fn is_unpaid(conn: &mut MySqlConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query_scalar!(
        "SELECT id FROM pending_commandes WHERE id = ? AND status <> 'PAID' AND commande_id IS NULL FOR UPDATE",
        id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let paid = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM checkout_sessions WHERE pending_commande_id = ? AND status IN ('PROCESSING', 'PAID')",
        id
    )
    .fetch_one(conn)
    .await?;
    Ok(locked.is_some() && paid == 0)
}
