//! Payments, cards and Stripe's events, handed out and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use super::{
    departures::{self, Kind},
    methods,
    minimal::minimised,
    store,
};
use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
    users::customers,
};

/// Adds what Stripe calls the payments of a person, refused ones included. Their orders must be known already.
///
/// # Errors
/// When the database refuses.
pub async fn trace(conn: &mut MySqlConnection, subject: &mut Subject) -> Result<(), sqlx::Error> {
    let known = sqlx::query_scalar!(
        r#"SELECT s.stripe_session_id AS "reference!" FROM checkout_sessions s JOIN commandes c ON c.id = s.commande_id
           WHERE c.user_id = ? AND s.stripe_session_id IS NOT NULL
           UNION
           SELECT s.stripe_session_id FROM checkout_sessions s JOIN pending_commandes p ON p.id = s.pending_commande_id
           WHERE (p.user_id = ? OR p.email = ?) AND s.stripe_session_id IS NOT NULL
           UNION
           SELECT m.stripe_payment_intent_id FROM payments m JOIN commandes c ON c.id = m.commande_id
           WHERE c.user_id = ? AND m.stripe_payment_intent_id IS NOT NULL"#,
        subject.user_id,
        subject.user_id,
        subject.email,
        subject.user_id
    )
    .fetch_all(&mut *conn)
    .await?;
    known.into_iter().for_each(|reference| subject.add_reference(reference));
    for reference in refused_payments(conn, subject).await? {
        subject.add_reference(reference);
    }
    Ok(())
}

/// A refused payment leaves nothing but its event, which names the order.
async fn refused_payments(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<String>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT object_id FROM stripe_events
         WHERE type = 'payment_intent.payment_failed' AND object_id IS NOT NULL AND ",
    );
    subject.push_mentioned(&mut query, "payload", "payload");
    query.build_query_scalar().fetch_all(conn).await
}

/// Removes the cards a person kept, has Stripe remove them and its customer, and reduces the events about them that wait
/// for nobody.
///
/// An event that failed and will be tried again keeps what it needs for the invoice; it is reduced as it succeeds. Amounts
/// received and given back stay with the books (code de commerce, article L123-22).
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for card in methods::store::remove_all(conn, subject.user_id).await? {
        departures::queue(conn, Kind::Card, &card, now).await?;
    }
    // The account forgets it in a moment.
    if let Some(customer) = customers::stripe_id(conn, subject.user_id).await? {
        departures::queue(conn, Kind::Customer, &customer, now).await?;
    }
    sqlx::query!(
        "DELETE FROM payment_refusals
         WHERE commande_id IN (SELECT c.id FROM commandes c WHERE c.user_id = ?)
            OR pending_commande_id IN (SELECT p.id FROM pending_commandes p WHERE p.user_id = ? OR p.email = ?)",
        subject.user_id,
        subject.user_id,
        subject.email
    )
    .execute(&mut *conn)
    .await?;
    // What they left unpaid nobody pays any more.
    store::queue_closing_of_person(conn, subject.user_id, &subject.email, now).await?;
    for event in idle_events(conn, subject).await? {
        sqlx::query!(
            "UPDATE stripe_events SET payload = ? WHERE id = ? AND status IN ('UNMATCHED', 'DISCARDED')",
            minimised(&event.payload),
            event.id
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: String,
    payload: String,
}

/// Read without a lock, so that no webhook waits for the search.
async fn idle_events(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Kept>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT id, payload FROM stripe_events WHERE status IN ('UNMATCHED', 'DISCARDED') AND ",
    );
    subject.push_mentioned(&mut query, "payload", "payload");
    query.build_query_as().fetch_all(conn).await
}

/// Amounts are cents.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    id: Uuid,
    kind: String,
    commande_id: Uuid,
    invoice_id: Option<Uuid>,
    amount: i32,
    occurred_at: Iso,
    stripe_id: String,
    stripe_payment_intent_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    id: Uuid,
    stripe_payment_method_id: String,
    brand: String,
    last4: String,
    exp_month: i32,
    exp_year: i32,
    fingerprint: Option<String>,
    is_default: bool,
    is_active: bool,
    created_at: Iso,
}

/// What a person paid and was given back, and the cards they kept.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let payments = payments(conn, subject.user_id).await?;
    let cards = cards(conn, subject.user_id).await?;
    Ok(vec![("paiements", exported(&payments)?), ("moyensDePaiement", exported(&cards)?)])
}

async fn payments(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        "SELECT p.id, p.kind, p.commande_id, p.invoice_id, p.amount, p.occurred_at, p.stripe_id,
                p.stripe_payment_intent_id
         FROM payments p JOIN commandes c ON c.id = p.commande_id
         WHERE c.user_id = ? ORDER BY p.occurred_at, p.id",
        user_id
    )
    .fetch_all(conn)
    .await
}

async fn cards(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<Card>, sqlx::Error> {
    sqlx::query_as!(
        Card,
        "SELECT id, stripe_payment_method_id, brand, last4, exp_month, exp_year, fingerprint, is_default, is_active,
                created_at
         FROM payment_methods WHERE user_id = ? ORDER BY created_at, id",
        user_id
    )
    .fetch_all(conn)
    .await
}
