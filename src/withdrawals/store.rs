//! SQL of the declarations.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{State, declaration::Declaration};
use crate::{
    commandes::Statut,
    db::{Backoff, lease::Queue},
};

/// Refuses a second row for a declaration made twice.
pub const FINGERPRINT_KEY: &str = "withdrawals_fingerprint";

/// Declarations whose order is to be looked for.
pub enum Unmatched {}

impl Queue for Unmatched {
    type Id = Uuid;
    const TABLE: &'static str = "withdrawals";
    const DUE: &'static str = "match_due_at";
    const INDEX: &'static str = "withdrawals_match";
    const ATTEMPTS: Option<&'static str> = Some("match_attempts");
    const CAUSE: Option<&'static str> = Some("match_error");
    const CHANGED: Option<&'static str> = Some("updated_at");
    const LEASE: TimeDelta = TimeDelta::minutes(2);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(1), TimeDelta::hours(1));
}

/// Records a declaration. The same one recorded since violates [`FINGERPRINT_KEY`], the same button pressed twice
/// `PRIMARY`.
pub async fn insert(
    conn: &mut MySqlConnection,
    id: Uuid,
    declaration: &Declaration,
    match_due_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO withdrawals
           (id, declared_at, nom, email, numero, message, fingerprint, match_due_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        now,
        declaration.nom,
        declaration.email,
        declaration.numero,
        declaration.message,
        declaration.fingerprint(),
        match_due_at,
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lets the same declaration be made again, when the first one is older than `before`.
pub async fn forget_fingerprint(
    conn: &mut MySqlConnection,
    fingerprint: &str,
    before: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE withdrawals SET fingerprint = NULL WHERE fingerprint = ? AND declared_at < ?",
        fingerprint,
        before
    )
    .execute(conn)
    .await
    .map(drop)
}

/// When a declaration was made, that of this id or else the same one.
pub async fn declared_at(
    conn: &mut MySqlConnection,
    id: Uuid,
    fingerprint: &str,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT declared_at FROM withdrawals WHERE id = ? OR fingerprint = ? ORDER BY id = ? DESC LIMIT 1",
        id,
        fingerprint,
        id
    )
    .fetch_optional(conn)
    .await
}

/// A declaration, with what is known of its order.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// The declaration.
    pub id: Uuid,
    /// When it was made.
    pub declared_at: DateTime<Utc>,
    /// Name of whoever made it.
    pub nom: String,
    /// Their address.
    pub email: String,
    /// Which order or invoice, as typed.
    pub numero: Option<String>,
    /// What they added.
    pub message: Option<String>,
    /// Where it stands.
    pub state: State,
    /// The order, once it is found.
    pub commande_id: Option<Uuid>,
    /// Whether whoever made it has the right to withdraw.
    pub entitled: Option<bool>,
    /// Whether it was made in time.
    pub in_time: Option<bool>,
    /// The end of the period.
    pub term_at: Option<DateTime<Utc>>,
    /// Whether they had asked that work begin at once.
    pub express: Option<bool>,
    /// Where the order stood that was stopped.
    pub statut_before: Option<Statut>,
    /// What was paid, in cents.
    pub price: Option<i32>,
    /// Pages ordered.
    pub pages_ordered: Option<i32>,
    /// Pages done.
    pub pages_done: Option<i32>,
    /// What is kept, in cents.
    pub amount_kept: Option<i32>,
}

/// A declaration, locked.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Withdrawal>, sqlx::Error> {
    sqlx::query_as!(
        Withdrawal,
        r#"SELECT id, declared_at, nom, email, numero, message, state AS "state: State", commande_id, entitled, in_time,
                  term_at, express, statut_before AS "statut_before: Statut", price, pages_ordered, pages_done, amount_kept
           FROM withdrawals WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// The declaration about an order that counts: the first one that was not refused.
pub async fn standing(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
) -> Result<Option<Withdrawal>, sqlx::Error> {
    sqlx::query_as!(
        Withdrawal,
        r#"SELECT id, declared_at, nom, email, numero, message, state AS "state: State", commande_id, entitled, in_time,
                  term_at, express, statut_before AS "statut_before: Statut", price, pages_ordered, pages_done, amount_kept
           FROM withdrawals
           WHERE commande_id = ? AND repeats_id IS NULL AND state <> 'REFUSED' ORDER BY declared_at, id LIMIT 1"#,
        commande_id
    )
    .fetch_optional(conn)
    .await
}

/// What a declaration has to do with its order.
pub struct Attached {
    /// The order.
    pub commande_id: Uuid,
    /// An earlier declaration about it.
    pub repeats_id: Option<Uuid>,
    /// Whether whoever made it has the right to withdraw.
    pub entitled: bool,
    /// Whether it was made in time.
    pub in_time: bool,
    /// The end of the period; none while the order is not paid.
    pub term_at: Option<DateTime<Utc>>,
    /// Whether they had asked that work begin at once.
    pub express: bool,
    /// Where the order stood that is stopped.
    pub statut_before: Option<Statut>,
    /// What was paid, in cents.
    pub price: i32,
    /// Pages ordered.
    pub pages_ordered: Option<i32>,
    /// Pages done, where the status of the order tells.
    pub pages_done: Option<i32>,
}

/// Notes the order of a declaration.
pub async fn attach(
    conn: &mut MySqlConnection,
    id: Uuid,
    to: &Attached,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE withdrawals
         SET commande_id = ?, repeats_id = ?, entitled = ?, in_time = ?, term_at = ?, express = ?, statut_before = ?, price = ?,
             pages_ordered = ?, pages_done = ?, match_due_at = NULL, match_error = NULL, updated_at = ?
         WHERE id = ?",
        to.commande_id,
        to.repeats_id,
        to.entitled,
        to.in_time,
        to.term_at,
        to.express,
        to.statut_before,
        to.price,
        to.pages_ordered,
        to.pages_done,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that no order was found: the team has to look.
pub async fn leave_to_team(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE withdrawals SET match_due_at = NULL, match_error = NULL, updated_at = ? WHERE id = ?",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A decision about a declaration.
pub struct Decided<'a> {
    /// What it comes to.
    pub state: State,
    /// Pages done, when they count.
    pub pages_done: Option<u32>,
    /// What is kept, in cents, when it was accepted.
    pub amount_kept: Option<i64>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Whose.
    pub by: Uuid,
}

/// Notes a decision.
pub async fn decide(
    conn: &mut MySqlConnection,
    id: Uuid,
    decided: &Decided<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE withdrawals
         SET state = ?, pages_done = COALESCE(?, pages_done), amount_kept = ?, reason = ?, decided_by = ?, decided_at = ?,
             updated_at = ?
         WHERE id = ?",
        decided.state,
        decided.pages_done,
        decided.amount_kept,
        decided.reason,
        decided.by,
        now,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that what was owed is given back; whether that was awaited.
pub async fn set_refunded(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE withdrawals SET state = 'REFUNDED', updated_at = ? WHERE id = ? AND state = 'ACCEPTED'",
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
