//! Orders waiting for their first payment.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{Buyer, express};
use crate::files::{deletions, store as files};

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
pub struct PendingState {
    /// What people call it.
    pub reference: Option<String>,
    /// Whether it is paid.
    pub status: PendingStatus,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
}

/// The state of a pending order.
///
/// # Errors
/// When the database refuses.
pub async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<PendingState>, sqlx::Error> {
    sqlx::query_as!(
        PendingState,
        r#"SELECT reference, status AS "status: PendingStatus", created_at FROM pending_commandes WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// A pending order to record. Its customer has consented to the use of their data.
pub struct NewPending<'a> {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: &'a str,
    /// Who ordered what: the same for a form sent twice.
    pub fingerprint: &'a str,
    /// The account, for connected authors.
    pub user_id: Option<Uuid>,
    /// First name.
    pub prenom: &'a str,
    /// Family name.
    pub nom: &'a str,
    /// Address, normalised.
    pub email: &'a str,
    /// Telephone number.
    pub telephone: Option<&'a str>,
    /// Postal address of the account.
    pub adresse: Option<&'a str>,
    /// The line of the price list it follows.
    pub tarif_id: Uuid,
    /// Title.
    pub titre: &'a str,
    /// The author's note.
    pub description: Option<&'a str>,
    /// Length.
    pub pages: Option<u32>,
    /// Cents.
    pub amount: i64,
    /// Who it is invoiced to.
    pub buyer: Option<&'a Buyer>,
}

/// Refuses a second order for a form sent twice.
pub const FINGERPRINT_KEY: &str = "pending_commandes_fingerprint";

/// Records a pending order. The same one recorded at this moment violates [`FINGERPRINT_KEY`]. Of one that costs nothing
/// nobody is to be told that its payment is awaited.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: &NewPending<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO pending_commandes
           (id, reference, fingerprint, user_id, prenom, nom, email, telephone, adresse, tarif_id, titre, description,
            nombre_pages, amount, buyer, consentement_rgpd, status, announced_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, TRUE, 'PENDING', ?, ?, ?)",
        new.id,
        new.reference,
        new.fingerprint,
        new.user_id,
        new.prenom,
        new.nom,
        new.email,
        new.telephone,
        new.adresse,
        new.tarif_id,
        new.titre,
        new.description,
        new.pages,
        new.amount,
        new.buyer.map(Json),
        (new.amount == 0).then_some(now),
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// An order placed a moment ago, met again by the same form.
pub struct FirstOrder {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// Cents.
    pub amount: i32,
}

/// The order of this fingerprint placed since `since`, when it still waits for its payment or costs nothing.
///
/// # Errors
/// When the database refuses.
pub async fn same_order(
    conn: &mut MySqlConnection,
    fingerprint: &str,
    since: DateTime<Utc>,
) -> Result<Option<FirstOrder>, sqlx::Error> {
    sqlx::query_as!(
        FirstOrder,
        r#"SELECT id AS "id: Uuid", reference, amount FROM pending_commandes
           WHERE fingerprint = ? AND created_at >= ? AND (status = 'PENDING' OR amount = 0)"#,
        fingerprint,
        since
    )
    .fetch_optional(conn)
    .await
}

/// Lets the same form make another order, unless [`same_order`] finds one.
///
/// # Errors
/// When the database refuses.
pub async fn forget_fingerprint(
    conn: &mut MySqlConnection,
    fingerprint: &str,
    since: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE pending_commandes SET fingerprint = NULL
         WHERE fingerprint = ? AND NOT (created_at >= ? AND (status = 'PENDING' OR amount = 0))",
        fingerprint,
        since
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A pending order, locked.
pub struct Pending {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// The account, for connected authors.
    pub user_id: Option<Uuid>,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address, normalised.
    pub email: String,
    /// Telephone number.
    pub telephone: Option<String>,
    /// Postal address of the account.
    pub adresse: Option<String>,
    /// The line of the price list it follows.
    pub tarif_id: Uuid,
    /// Its name.
    pub tarif_nom: String,
    /// Title.
    pub titre: Option<String>,
    /// The author's note.
    pub description: Option<String>,
    /// Length.
    pub nombre_pages: Option<i32>,
    /// Cents owed.
    pub amount: i32,
    /// Who it is invoiced to.
    pub buyer: Option<Json<Buyer>>,
    /// The order it became.
    pub commande_id: Option<Uuid>,
}

/// Locks a pending order.
///
/// # Errors
/// When the database refuses.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Pending>, sqlx::Error> {
    sqlx::query_as!(
        Pending,
        // A join would lock the tarif too, and every settlement would wait for every other.
        r#"SELECT p.id, p.reference, p.user_id, p.prenom, p.nom, p.email, p.telephone, p.adresse, p.tarif_id,
                  (SELECT t.nom FROM tarifs t WHERE t.id = p.tarif_id) AS "tarif_nom!",
                  p.titre, p.description, p.nombre_pages, p.amount, p.buyer AS "buyer: Json<Buyer>", p.commande_id
           FROM pending_commandes p WHERE p.id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Notes which order, of which account, a pending order became.
pub(super) async fn set_paid(
    conn: &mut MySqlConnection,
    id: Uuid,
    user_id: Uuid,
    commande_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE pending_commandes SET status = 'PAID', user_id = ?, commande_id = ?, updated_at = ? WHERE id = ?",
        user_id,
        commande_id,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Marks a pending order whose last payment page is closed.
///
/// # Errors
/// When the database refuses.
pub async fn set_expired(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE pending_commandes SET status = 'EXPIRED', updated_at = ? WHERE id = ? AND status = 'PENDING'",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Marks a pending order that has a payment page again.
///
/// # Errors
/// When the database refuses.
pub async fn set_waiting(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE pending_commandes SET status = 'PENDING', updated_at = ? WHERE id = ? AND status = 'EXPIRED'",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Locks a pending order unless it became an order; whether it is there.
///
/// # Errors
/// When the database refuses.
pub async fn lock_unpaid(conn: &mut MySqlConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query_scalar!(
        "SELECT id FROM pending_commandes WHERE id = ? AND status <> 'PAID' AND commande_id IS NULL FOR UPDATE",
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(locked.is_some())
}

/// Where a walk through the pending orders, oldest first, has come to.
#[derive(Clone, Copy)]
pub struct Place {
    /// When the last one was placed.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub id: Uuid,
}

/// Locks up to `limit` orders placed before an instant that nobody paid, oldest first, from a place on. Those that
/// another holds are passed over.
///
/// # Errors
/// When the database refuses.
pub async fn lock_unpaid_before(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<Place>, sqlx::Error> {
    let after = after.unwrap_or(Place { created_at: DateTime::UNIX_EPOCH, id: Uuid::nil() });
    // Neither server makes a range of `(created_at, id) > (?, ?)`.
    sqlx::query_as!(
        Place,
        "SELECT created_at, id FROM pending_commandes
         WHERE status IN ('PENDING', 'EXPIRED') AND created_at < ? AND commande_id IS NULL
           AND created_at >= ? AND (created_at > ? OR id > ?)
         ORDER BY created_at, id LIMIT ? FOR UPDATE SKIP LOCKED",
        before,
        after.created_at,
        after.created_at,
        after.id,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Removes a pending order, which the caller has locked, with its documents, and queues their objects; returns the
/// objects' keys.
///
/// # Errors
/// When the database refuses.
pub async fn remove(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    id: Uuid,
) -> Result<Vec<String>, sqlx::Error> {
    let keys = files::keys_of_pending(conn, id).await?;
    for key in &keys {
        deletions::queue(conn, now, key).await?;
    }
    files::delete_of_pending(conn, id).await?;
    express::remove_of_pending(conn, id).await?;
    sqlx::query!("DELETE FROM pending_commandes WHERE id = ?", id).execute(conn).await?;
    Ok(keys)
}
