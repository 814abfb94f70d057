//! SQL of the money received and given back.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::clock::new_id;

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum PaymentKind {
    /// To us.
    Payment,
    /// Back to the customer.
    Refund,
}

/// Money to note: received or given back. `reference` tells it apart: Stripe's session of a payment, the charge and
/// the total of a refund.
pub struct NewPayment<'a> {
    pub kind: PaymentKind,
    pub commande_id: Uuid,
    pub invoice_id: Option<Uuid>,
    pub amount: i64,
    pub occurred_at: DateTime<Utc>,
    pub day: NaiveDate,
    pub reference: &'a str,
    pub payment_intent: Option<&'a str>,
    pub now: DateTime<Utc>,
}

pub async fn insert_payment(conn: &mut MySqlConnection, new: &NewPayment<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO payments
           (id, kind, commande_id, invoice_id, amount, occurred_at, day, stripe_id, stripe_payment_intent_id, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        new.kind,
        new.commande_id,
        new.invoice_id,
        new.amount,
        new.occurred_at,
        new.day,
        new.reference,
        new.payment_intent,
        new.now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A payment of ours, by what Stripe calls it.
pub struct PaymentRow {
    pub commande_id: Uuid,
    pub invoice_id: Option<Uuid>,
    pub amount: i32,
}

/// Locks the payment behind a payment intent.
pub async fn lock_payment(
    conn: &mut MySqlConnection,
    intent: &str,
) -> Result<Option<PaymentRow>, sqlx::Error> {
    sqlx::query_as!(
        PaymentRow,
        "SELECT commande_id, invoice_id, amount FROM payments
         WHERE stripe_payment_intent_id = ? AND kind = 'PAYMENT' FOR UPDATE",
        intent
    )
    .fetch_optional(conn)
    .await
}

/// What was given back so far on a payment intent, in cents. Asked for once the payment is locked,
/// in a statement of its own, so that it counts what another transaction has just committed.
pub async fn refunded(conn: &mut MySqlConnection, intent: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) AS "sum!: i64" FROM payments
           WHERE stripe_payment_intent_id = ? AND kind = 'REFUND'"#,
        intent
    )
    .fetch_one(conn)
    .await
}

/// The title of the order that a payment intent paid, if one of ours.
pub async fn paid_title(conn: &mut MySqlConnection, intent: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT c.titre FROM payments p JOIN commandes c ON c.id = p.commande_id
         WHERE p.stripe_payment_intent_id = ? AND p.kind = 'PAYMENT'",
        intent
    )
    .fetch_optional(conn)
    .await
}

/// What of a payment can be given back.
pub struct Refundable {
    /// Stripe's payment intent.
    pub intent: String,
    /// The invoice, if it has one.
    pub invoice_id: Option<Uuid>,
    /// Cents paid.
    pub paid: i32,
    /// Cents given back.
    pub given_back: i64,
}

/// The payment of an order that came through Stripe, locked; the first one, when there are several.
pub async fn refundable(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
) -> Result<Option<Refundable>, sqlx::Error> {
    let payment = sqlx::query!(
        r#"SELECT stripe_payment_intent_id AS "intent!", invoice_id AS "invoice_id: Uuid", amount FROM payments
           WHERE commande_id = ? AND kind = 'PAYMENT' AND stripe_payment_intent_id IS NOT NULL
           ORDER BY occurred_at, id LIMIT 1 FOR UPDATE"#,
        commande_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(payment) = payment else { return Ok(None) };
    let given_back = refunded(conn, &payment.intent).await?;
    let (intent, invoice_id, paid) = (payment.intent, payment.invoice_id, payment.amount);
    Ok(Some(Refundable { intent, invoice_id, paid, given_back }))
}
