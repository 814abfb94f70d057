//! How much documents take, and the orders they are added to.

use sqlx::MySqlConnection;
use uuid::Uuid;

/// An order to which a document is added, locked with its author's account: what follows is judged one document at a time.
pub struct Order {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: Option<String>,
    /// Its title.
    pub titre: String,
    /// Its author.
    pub owner: Uuid,
    /// Name of its author.
    pub prenom: String,
    /// Their family name.
    pub nom: String,
    /// Their address.
    pub email: String,
    /// Who corrects it.
    pub corrector: Option<Uuid>,
    /// Whether it is paid, or offered.
    pub paid: bool,
    /// Whether it costs nothing.
    pub free: bool,
}

/// Locks an order whose author was not erased.
pub async fn lock_order(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Order>, sqlx::Error> {
    sqlx::query_as!(
        Order,
        r#"SELECT c.id, c.reference, c.titre, c.user_id AS owner, u.prenom, u.nom, u.email, c.corrector_id AS corrector,
                  COALESCE(c.payment_status = 'paid', FALSE) AS "paid!: bool", COALESCE(c.amount = 0, FALSE) AS "free!: bool"
           FROM commandes c JOIN users u ON u.id = c.user_id
           WHERE c.id = ? AND u.deleted_at IS NULL FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// What documents take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    bytes: i64,
    files: i64,
}

impl Taken {
    /// In bytes.
    pub fn bytes(self) -> u64 {
        u64::try_from(self.bytes).unwrap_or_default()
    }

    /// How many there are.
    pub fn files(self) -> u64 {
        u64::try_from(self.files).unwrap_or_default()
    }
}

/// The documents of an order: its author's, or the corrected ones.
pub async fn of_order(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
    corrected: bool,
) -> Result<Taken, sqlx::Error> {
    sqlx::query_as!(
        Taken,
        r#"SELECT CAST(COALESCE(SUM(size), 0) AS SIGNED) AS "bytes!: i64", COUNT(*) AS "files!: i64"
           FROM files WHERE commande_id = ? AND is_corrected = ?"#,
        commande_id,
        corrected
    )
    .fetch_one(conn)
    .await
}

/// What someone sent outside of orders: with messages, or not yet.
pub async fn outside_orders(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Taken, sqlx::Error> {
    sqlx::query_as!(
        Taken,
        r#"SELECT CAST(COALESCE(SUM(size), 0) AS SIGNED) AS "bytes!: i64", COUNT(*) AS "files!: i64"
           FROM files WHERE uploaded_by_id = ? AND commande_id IS NULL AND pending_commande_id IS NULL"#,
        user_id
    )
    .fetch_one(conn)
    .await
}

/// The documents of an account's orders that are not paid, corrected ones aside.
pub async fn unpaid(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Taken, sqlx::Error> {
    sqlx::query_as!(
        Taken,
        r#"SELECT CAST(COALESCE(SUM(f.size), 0) AS SIGNED) AS "bytes!: i64", COUNT(*) AS "files!: i64"
           FROM commandes c JOIN files f ON f.commande_id = c.id
           WHERE c.user_id = ? AND COALESCE(c.payment_status <> 'paid', TRUE) AND f.is_corrected = FALSE"#,
        user_id
    )
    .fetch_one(conn)
    .await
}

/// The documents of an account's offered orders, corrected ones aside.
pub async fn offered(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Taken, sqlx::Error> {
    sqlx::query_as!(
        Taken,
        r#"SELECT CAST(COALESCE(SUM(f.size), 0) AS SIGNED) AS "bytes!: i64", COUNT(*) AS "files!: i64"
           FROM commandes c JOIN files f ON f.commande_id = c.id
           WHERE c.user_id = ? AND c.payment_status = 'paid' AND c.amount = 0 AND f.is_corrected = FALSE"#,
        user_id
    )
    .fetch_one(conn)
    .await
}
