//! SQL of the money received and given back.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::clock::new_id;

/// Money to note: received or given back.
pub struct NewPayment<'a> {
    pub refund: bool,
    pub commande_id: Uuid,
    pub invoice_id: Option<Uuid>,
    pub amount: i64,
    pub occurred_at: DateTime<Utc>,
    pub day: NaiveDate,
    pub stripe_id: &'a str,
    pub payment_intent: Option<&'a str>,
    pub now: DateTime<Utc>,
}

pub async fn insert_payment(conn: &mut MySqlConnection, new: &NewPayment<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO payments
           (id, kind, commande_id, invoice_id, amount, occurred_at, day, stripe_id, stripe_payment_intent_id, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        if new.refund { "REFUND" } else { "PAYMENT" },
        new.commande_id,
        new.invoice_id,
        new.amount,
        new.occurred_at,
        new.day,
        new.stripe_id,
        new.payment_intent,
        new.now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A payment of ours, by what Stripe calls it, with what was given back so far.
pub struct PaymentRow {
    pub commande_id: Uuid,
    pub invoice_id: Option<Uuid>,
    pub amount: i32,
    pub titre: String,
    pub refunded: i64,
}

/// Locks the payment behind a payment intent.
pub async fn lock_payment(conn: &mut MySqlConnection, intent: &str) -> Result<Option<PaymentRow>, sqlx::Error> {
    sqlx::query_as!(
        PaymentRow,
        r#"SELECT p.commande_id, p.invoice_id, p.amount, c.titre,
                  CAST(COALESCE((SELECT SUM(r.amount) FROM payments r
                                 WHERE r.stripe_payment_intent_id = p.stripe_payment_intent_id AND r.kind = 'REFUND'), 0)
                       AS SIGNED) AS "refunded!: i64"
           FROM payments p JOIN commandes c ON c.id = p.commande_id
           WHERE p.stripe_payment_intent_id = ? AND p.kind = 'PAYMENT' FOR UPDATE"#,
        intent
    )
    .fetch_optional(conn)
    .await
}
