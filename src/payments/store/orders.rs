//! SQL of the orders, pending or not, as payments see them.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::commandes::Buyer;

/// An order to open a payment page for.
pub struct Payable {
    pub user_id: Option<Uuid>,
    pub email: String,
    pub titre: String,
    pub service: Option<String>,
    pub amount: Option<i32>,
}

/// The order of an id that names an order or an invoice of the caller.
pub async fn commande_of_user(
    conn: &mut MySqlConnection,
    id: Uuid,
    user_id: Uuid,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT c.id AS "id: Uuid" FROM commandes c WHERE c.user_id = ? AND c.id = ?
           UNION ALL
           SELECT c.id AS "id: Uuid" FROM invoices i JOIN commandes c ON c.id = i.commande_id
           WHERE c.user_id = ? AND i.id = ?
           LIMIT 1"#,
        user_id,
        id,
        user_id,
        id
    )
    .fetch_optional(conn)
    .await
}

pub async fn payable_pending(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Payable>, sqlx::Error> {
    sqlx::query_as!(
        Payable,
        r#"SELECT p.user_id, p.email, COALESCE(p.titre, t.nom) AS "titre!", t.nom AS "service?", p.amount AS "amount?"
           FROM pending_commandes p JOIN tarifs t ON t.id = p.tarif_id WHERE p.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// An existing order with what it costs: the final price, else the price the server computed.
pub async fn payable_commande(
    conn: &mut MySqlConnection,
    id: Uuid,
) -> Result<Option<(Payable, CommandeState)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT c.user_id, u.email, c.titre, t.nom AS "service?", COALESCE(c.prix_final, c.amount) AS "amount: i32",
                  c.statut, c.payment_status
           FROM commandes c JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id
           WHERE c.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let payable = Payable {
            user_id: Some(row.user_id),
            email: row.email,
            titre: row.titre,
            service: row.service,
            amount: row.amount,
        };
        (payable, CommandeState { statut: row.statut, payment_status: row.payment_status })
    }))
}

/// What decides whether an order may still be paid.
pub struct CommandeState {
    pub statut: String,
    pub payment_status: Option<String>,
}

pub async fn set_commande_unpaid(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE commandes SET payment_status = 'unpaid', updated_at = ?
         WHERE id = ? AND (payment_status IS NULL OR payment_status <> 'paid')",
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A pending order, locked.
pub struct PendingRow {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub prenom: String,
    pub nom: String,
    pub email: String,
    pub telephone: Option<String>,
    pub adresse: Option<String>,
    pub tarif_id: Uuid,
    pub tarif_nom: String,
    pub titre: Option<String>,
    pub description: Option<String>,
    pub nombre_pages: Option<i32>,
    pub buyer: Option<Json<Buyer>>,
    pub commande_id: Option<Uuid>,
}

pub async fn lock_pending(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<PendingRow>, sqlx::Error> {
    sqlx::query_as!(
        PendingRow,
        // A join would lock the tarif too, and every settlement would wait for every other.
        r#"SELECT p.id, p.user_id, p.prenom, p.nom, p.email, p.telephone, p.adresse, p.tarif_id,
                  (SELECT t.nom FROM tarifs t WHERE t.id = p.tarif_id) AS "tarif_nom!",
                  p.titre, p.description, p.nombre_pages, p.buyer AS "buyer: Json<Buyer>", p.commande_id
           FROM pending_commandes p WHERE p.id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

pub async fn set_pending_paid(
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
    .await?;
    Ok(())
}

/// Marks a pending order whose last session is closed.
pub async fn expire_pending(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE pending_commandes SET status = 'EXPIRED', updated_at = ?
         WHERE id = ? AND status = 'PENDING' AND NOT EXISTS (
           SELECT 1 FROM checkout_sessions s
           WHERE s.pending_commande_id = ? AND s.status IN ('CREATING', 'OPEN', 'PROCESSING'))",
        now,
        id,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A paid order to create. Amounts are cents.
pub struct NewCommande<'a> {
    pub id: Uuid,
    pub user_id: Uuid,
    pub pending: &'a PendingRow,
    pub titre: &'a str,
    pub amount: i64,
    pub stripe_session_id: Option<&'a str>,
    pub now: DateTime<Utc>,
}

pub async fn insert_commande(conn: &mut MySqlConnection, new: &NewCommande<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO commandes
           (id, user_id, tarif_id, titre, description, statut, payment_status, stripe_session_id, amount,
            pages_declarees, buyer, paid_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 'PAYEE', 'paid', ?, ?, ?, ?, ?, ?, ?)",
        new.id,
        new.user_id,
        new.pending.tarif_id,
        new.titre,
        new.pending.description,
        new.stripe_session_id,
        new.amount,
        new.pending.nombre_pages,
        new.pending.buyer,
        new.now,
        new.now,
        new.now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Hands the manuscripts of a pending order over to the order it became.
pub async fn attach_files(
    conn: &mut MySqlConnection,
    pending_id: Uuid,
    commande_id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE files SET commande_id = ?, pending_commande_id = NULL, uploaded_by_id = COALESCE(uploaded_by_id, ?),
                updated_at = ?
         WHERE pending_commande_id = ?",
        commande_id,
        user_id,
        now,
        pending_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An existing order, locked.
pub struct CommandeRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub titre: String,
    pub description: Option<String>,
    pub service: Option<String>,
    pub pages: Option<i32>,
    pub statut: String,
    pub paid: bool,
    pub buyer: Option<Json<Buyer>>,
}

pub async fn lock_commande(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<CommandeRow>, sqlx::Error> {
    sqlx::query_as!(
        CommandeRow,
        r#"SELECT c.id, c.user_id, c.titre, c.description,
                  (SELECT t.nom FROM tarifs t WHERE t.id = c.tarif_id) AS "service?",
                  COALESCE(c.pages_verifiees, c.pages_declarees) AS "pages: i32", c.statut,
                  COALESCE(c.payment_status = 'paid', FALSE) AS "paid!: bool", c.buyer AS "buyer: Json<Buyer>"
           FROM commandes c WHERE c.id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Marks an existing order paid and starts it, unless it is finished already.
pub async fn set_commande_paid(
    conn: &mut MySqlConnection,
    id: Uuid,
    amount: i64,
    stripe_session_id: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE commandes
         SET payment_status = 'paid', amount = ?, stripe_session_id = ?, paid_at = ?, updated_at = ?,
             statut = CASE WHEN statut = 'TERMINE' THEN statut ELSE 'EN_COURS' END
         WHERE id = ?",
        amount,
        stripe_session_id,
        now,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_commande_failed(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE commandes SET payment_status = 'failed', updated_at = ?
         WHERE id = ? AND (payment_status IS NULL OR payment_status <> 'paid')",
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An order that was not paid, and whose it is.
pub struct UnpaidOrder {
    pub user_id: Option<Uuid>,
    pub prenom: String,
    pub nom: String,
    pub email: String,
    pub titre: String,
    pub amount: Option<i32>,
}

/// The unpaid order behind a refused payment, `None` when it is paid or gone.
pub async fn unpaid_order(
    conn: &mut MySqlConnection,
    commande: Option<Uuid>,
    pending: Option<Uuid>,
) -> Result<Option<UnpaidOrder>, sqlx::Error> {
    if let Some(id) = pending {
        return sqlx::query_as!(
            UnpaidOrder,
            r#"SELECT p.user_id, p.prenom, p.nom, p.email, COALESCE(p.titre, t.nom) AS "titre!",
                      p.amount AS "amount?: i32"
               FROM pending_commandes p JOIN tarifs t ON t.id = p.tarif_id
               WHERE p.id = ? AND p.commande_id IS NULL"#,
            id
        )
        .fetch_optional(conn)
        .await;
    }
    sqlx::query_as!(
        UnpaidOrder,
        r#"SELECT c.user_id AS "user_id?: Uuid", u.prenom, u.nom, u.email, c.titre,
                  COALESCE(c.prix_final, c.amount) AS "amount: i32"
           FROM commandes c JOIN users u ON u.id = c.user_id
           WHERE c.id = ? AND (c.payment_status IS NULL OR c.payment_status <> 'paid')"#,
        commande
    )
    .fetch_optional(conn)
    .await
}
