//! What payments need of orders: what is owed for one, and what became of its payment.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{Buyer, PaymentStatus, Statut};
use crate::tarifs::Unite;

/// An order to open a payment page for.
pub struct Payable {
    /// What people call it.
    pub reference: Option<String>,
    /// Whose, unless a guest's.
    pub user_id: Option<Uuid>,
    /// Where its customer is written to.
    pub email: String,
    /// Title.
    pub titre: String,
    /// Name of its line of the price list.
    pub service: Option<String>,
    /// What the price of that line is for.
    pub unite: Option<Unite>,
    /// Length, as checked or else as declared.
    pub pages: Option<i32>,
    /// Cents; `None` while no price is set.
    pub amount: Option<i32>,
}

/// What decides whether an order may still be paid.
pub struct Standing {
    /// Where it stands.
    pub statut: Statut,
    /// Whether it is paid.
    pub payment_status: Option<PaymentStatus>,
}

/// The order of an id that names an order or an invoice of this person.
///
/// # Errors
/// When the database refuses.
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

/// What is owed for a pending order.
///
/// # Errors
/// When the database refuses.
pub async fn payable_pending(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Payable>, sqlx::Error> {
    sqlx::query_as!(
        Payable,
        r#"SELECT p.reference, p.user_id, p.email, COALESCE(p.titre, t.nom) AS "titre!", t.nom AS "service?",
                  t.unite AS "unite?: Unite", p.nombre_pages AS pages, p.amount AS "amount?"
           FROM pending_commandes p JOIN tarifs t ON t.id = p.tarif_id WHERE p.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// What is owed for an order (the final price, else the price the server computed), and whether it still is.
///
/// # Errors
/// When the database refuses.
pub async fn payable_commande(
    conn: &mut MySqlConnection,
    id: Uuid,
) -> Result<Option<(Payable, Standing)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT c.reference, c.user_id, u.email, c.titre, t.nom AS "service?", t.unite AS "unite?: Unite",
                  COALESCE(c.pages_verifiees, c.pages_declarees) AS "pages: i32",
                  COALESCE(c.prix_final, c.amount) AS "amount: i32",
                  c.statut AS "statut: Statut", c.payment_status AS "payment_status: PaymentStatus"
           FROM commandes c JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id
           WHERE c.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let payable = Payable {
            reference: row.reference,
            user_id: Some(row.user_id),
            email: row.email,
            titre: row.titre,
            service: row.service,
            unite: row.unite,
            pages: row.pages,
            amount: row.amount,
        };
        (payable, Standing { statut: row.statut, payment_status: row.payment_status })
    }))
}

/// An existing order about to be paid, locked.
pub struct Billable {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// Whose.
    pub user_id: Uuid,
    /// Title.
    pub titre: String,
    /// What is owed for it, in cents; `None` while no price is set.
    pub due: Option<i32>,
    /// Name of its line of the price list.
    pub service: Option<String>,
    /// Length, as checked or else as declared.
    pub pages: Option<i32>,
    /// When it was delivered.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub statut: Statut,
    /// Whether it is paid already.
    pub paid: bool,
    /// Who it is invoiced to.
    pub buyer: Option<Json<Buyer>>,
}

/// Locks an order about to be paid.
///
/// # Errors
/// When the database refuses.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Billable>, sqlx::Error> {
    sqlx::query_as!(
        Billable,
        r#"SELECT c.id, c.reference, c.user_id, c.titre,
                  (SELECT t.nom FROM tarifs t WHERE t.id = c.tarif_id) AS "service?",
                  COALESCE(c.pages_verifiees, c.pages_declarees) AS "pages: i32",
                  COALESCE(c.prix_final, c.amount) AS "due: i32", c.date_finition AS delivered_at,
                  c.statut AS "statut: Statut",
                  COALESCE(c.payment_status = 'paid', FALSE) AS "paid!: bool", c.buyer AS "buyer: Json<Buyer>"
           FROM commandes c WHERE c.id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// A payment of an order: cents, by which session of Stripe, when.
pub struct Paid<'a> {
    /// Cents.
    pub amount: i64,
    /// What Stripe calls the payment page; none when the order was offered.
    pub session_id: Option<&'a str>,
    /// When the money came.
    pub at: DateTime<Utc>,
}

/// Notes what was paid for an order.
///
/// # Errors
/// When the database refuses.
pub async fn set_paid(
    conn: &mut MySqlConnection,
    id: Uuid,
    paid: Paid<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE commandes
         SET payment_status = 'paid', amount = ?, stripe_session_id = ?, paid_at = ?, updated_at = ?
         WHERE id = ?",
        paid.amount,
        paid.session_id,
        paid.at,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Changes what an order costs, in cents, unless it is paid; whether it was changed.
///
/// # Errors
/// When the database refuses.
pub async fn set_price(
    conn: &mut MySqlConnection,
    id: Uuid,
    price: i32,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "UPDATE commandes SET prix_final = ?, updated_at = ?
         WHERE id = ? AND (payment_status IS NULL OR payment_status <> 'paid')",
        price,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Notes that the payment of an order was asked for, or was refused, unless it is paid.
///
/// # Errors
/// When the database refuses.
pub async fn set_not_paid(
    conn: &mut MySqlConnection,
    id: Uuid,
    status: PaymentStatus,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE commandes SET payment_status = ?, updated_at = ?
         WHERE id = ? AND (payment_status IS NULL OR payment_status <> 'paid')",
        status,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether an order, existing or pending, is paid.
///
/// # Errors
/// When the database refuses.
pub async fn is_paid(
    conn: &mut MySqlConnection,
    commande: Option<Uuid>,
    pending: Option<Uuid>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT (EXISTS (SELECT 1 FROM commandes WHERE id = ? AND payment_status = 'paid')
               OR EXISTS (SELECT 1 FROM pending_commandes WHERE id = ? AND status = 'PAID')) AS "paid!: bool""#,
        commande,
        pending
    )
    .fetch_one(conn)
    .await
}

/// An order that was not paid, and whose it is.
pub struct UnpaidOrder {
    /// The order, pending or not.
    pub id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// The account, unless a guest's.
    pub user_id: Option<Uuid>,
    /// First name of its customer.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address.
    pub email: String,
    /// Title.
    pub titre: String,
    /// Cents owed; `None` while no price is set.
    pub amount: Option<i32>,
    /// Whether it has a price and was not given up.
    pub payable: bool,
}

/// The unpaid order behind a refused payment, `None` when it is paid or gone.
///
/// # Errors
/// When the database refuses.
pub async fn unpaid_order(
    conn: &mut MySqlConnection,
    commande: Option<Uuid>,
    pending: Option<Uuid>,
) -> Result<Option<UnpaidOrder>, sqlx::Error> {
    if let Some(id) = pending {
        return sqlx::query_as!(
            UnpaidOrder,
            r#"SELECT p.id, p.reference, p.user_id, p.prenom, p.nom, p.email, COALESCE(p.titre, t.nom) AS "titre!",
                      p.amount AS "amount?: i32", p.amount > 0 AS "payable!: bool"
               FROM pending_commandes p JOIN tarifs t ON t.id = p.tarif_id
               WHERE p.id = ? AND p.commande_id IS NULL"#,
            id
        )
        .fetch_optional(conn)
        .await;
    }
    sqlx::query_as!(
        UnpaidOrder,
        r#"SELECT c.id, c.reference, c.user_id AS "user_id?: Uuid", u.prenom, u.nom, u.email, c.titre,
                  COALESCE(c.prix_final, c.amount) AS "amount: i32",
                  (c.statut <> 'ANNULEE' AND COALESCE(c.prix_final, c.amount, 0) > 0) AS "payable!: bool"
           FROM commandes c JOIN users u ON u.id = c.user_id
           WHERE c.id = ? AND (c.payment_status IS NULL OR c.payment_status <> 'paid')"#,
        commande
    )
    .fetch_optional(conn)
    .await
}
