//! SQL of the figures.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

/// What the invoices of some time come to.
#[derive(Default)]
pub struct Annual {
    /// Cents paid, less what was given back.
    pub spent: i64,
    /// Pages of the orders invoiced.
    pub pages: i64,
    /// Orders invoiced.
    pub orders: i64,
}

/// What an author's invoices and credit notes of a time come to. An order without a number of pages counts one for every
/// `page_price` cents.
pub async fn annual(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    page_price: i64,
) -> Result<Annual, sqlx::Error> {
    sqlx::query_as!(
        Annual,
        r#"SELECT CAST(COALESCE(SUM(o.spent), 0) AS SIGNED) AS "spent!: i64",
                  CAST(COALESCE(SUM(IF(o.invoices > 0,
                    COALESCE(c.pages_verifiees, c.pages_declarees, ROUND(GREATEST(o.spent, 0) / ?)), 0)), 0) AS SIGNED)
                    AS "pages!: i64",
                  CAST(COALESCE(SUM(o.invoices > 0), 0) AS SIGNED) AS "orders!: i64"
           FROM (SELECT i.commande_id, SUM(IF(i.kind = 'INVOICE', i.amount, -i.amount)) AS spent,
                        SUM(i.kind = 'INVOICE') AS invoices
                 FROM invoices i WHERE i.user_id = ? AND i.paid_at >= ? AND i.paid_at < ?
                 GROUP BY i.commande_id) o
           JOIN commandes c ON c.id = o.commande_id"#,
        page_price,
        user_id,
        from,
        until
    )
    .fetch_one(conn)
    .await
}
