//! What withdrawals need of orders.

use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{Buyer, Statut, TypeClient};

/// An order someone withdraws from, locked.
pub struct Withdrawn {
    /// The order.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// Title.
    pub titre: String,
    /// Where it stands.
    pub statut: Statut,
    /// When it was paid, which concluded the contract.
    pub paid_at: Option<DateTime<Utc>>,
    /// What was paid, in cents; nothing while it is not.
    pub paid: i32,
    /// Length, as checked or else as declared.
    pub pages: Option<i32>,
    /// Whether its buyer asked that work begin at once.
    pub express: bool,
    buyer: Option<Json<Buyer>>,
}

impl Withdrawn {
    /// Whether it was ordered by a business, which has no right to withdraw.
    pub fn is_of_a_business(&self) -> bool {
        self.buyer.as_ref().is_some_and(|buyer| buyer.type_client == TypeClient::Professionnel)
    }
}

/// Locks an order.
///
/// # Errors
/// When the database refuses.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Withdrawn>, sqlx::Error> {
    sqlx::query_as!(
        Withdrawn,
        r#"SELECT c.id, c.user_id, c.reference, c.titre, c.statut AS "statut: Statut",
                  IF(c.payment_status = 'paid', c.paid_at, NULL) AS "paid_at: DateTime<Utc>",
                  CAST(IF(c.payment_status = 'paid', COALESCE(c.amount, 0), 0) AS SIGNED) AS "paid!: i32",
                  COALESCE(c.pages_verifiees, c.pages_declarees) AS "pages: i32",
                  EXISTS (SELECT 1 FROM express_requests e WHERE e.commande_id = c.id) AS "express!: bool",
                  c.buyer AS "buyer: Json<Buyer>"
           FROM commandes c WHERE c.id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// The order of this reference, if its author has this address.
///
/// # Errors
/// When the database refuses.
pub async fn of_reference(
    conn: &mut MySqlConnection,
    reference: &str,
    email: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT c.id AS "id: Uuid" FROM commandes c JOIN users u ON u.id = c.user_id
           WHERE c.reference = ? AND u.email = ? AND u.deleted_at IS NULL"#,
        reference,
        email
    )
    .fetch_optional(conn)
    .await
}

/// Whether an order is this person's.
///
/// # Errors
/// When the database refuses.
pub async fn is_owned(conn: &mut MySqlConnection, id: Uuid, user_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM commandes WHERE id = ? AND user_id = ?) AS "owned!: bool""#,
        id,
        user_id
    )
    .fetch_one(conn)
    .await
}
