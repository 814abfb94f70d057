//! SQL of the Checkout sessions.

use std::collections::HashSet;

use chrono::{DateTime, Duration, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    db::{
        Backoff, Db,
        lease::{self, Lease, Queue},
    },
    payments::checkout::Target,
};

/// Life of a Checkout session, as we know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum SessionState {
    /// Stripe has not answered yet.
    Creating,
    /// The customer may pay.
    Open,
    /// The customer is through, the money is on its way.
    Processing,
    /// Paid and settled.
    Paid,
    /// Will never be paid.
    Failed,
    /// Closed unpaid.
    Expired,
}

/// A Checkout session of ours.
pub struct SessionRow {
    pub id: Uuid,
    pub session_id: Option<String>,
    pub commande_id: Option<Uuid>,
    pub pending_commande_id: Option<Uuid>,
    pub amount: i32,
    /// What the page sells, as lines of an invoice.
    pub items: Option<Json<Value>>,
    pub status: SessionState,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert_session(conn: &mut MySqlConnection, row: &SessionRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO checkout_sessions
           (id, stripe_session_id, commande_id, pending_commande_id, amount, items, status, expires_at, checked_at,
            created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.id,
        row.session_id,
        row.commande_id,
        row.pending_commande_id,
        row.amount,
        row.items,
        row.status,
        row.expires_at,
        row.created_at,
        row.created_at,
        row.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes what Stripe answered, unless somebody was faster; whether the page stands.
pub async fn set_opened(
    conn: &mut MySqlConnection,
    id: Uuid,
    session_id: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let opened = sqlx::query!(
        "UPDATE checkout_sessions SET stripe_session_id = ?, status = 'OPEN', updated_at = ?
         WHERE id = ? AND status = 'CREATING'",
        session_id,
        now,
        id
    )
    .execute(&mut *conn)
    .await?;
    if opened.rows_affected() == 1 {
        return Ok(true);
    }
    let state = session(conn, id).await?.map(|row| row.status);
    Ok(!matches!(state, None | Some(SessionState::Failed | SessionState::Expired)))
}

/// Notes that no page could be had of Stripe, unless somebody else got it meanwhile.
pub async fn set_not_opened(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET status = 'FAILED', updated_at = ? WHERE id = ? AND status = 'CREATING'",
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A payment page that can be given again.
pub struct StandingPage {
    pub id: Uuid,
    pub session_id: Option<String>,
    pub amount: i32,
    pub expires_at: DateTime<Utc>,
}

/// The latest page of an order that can still be paid.
pub async fn standing_page(
    conn: &mut MySqlConnection,
    target: Target,
    now: DateTime<Utc>,
) -> Result<Option<StandingPage>, sqlx::Error> {
    let (commande, pending) = match target {
        Target::Commande(id) => (Some(id), None),
        Target::Pending(id) => (None, Some(id)),
    };
    sqlx::query_as!(
        StandingPage,
        r#"SELECT id, stripe_session_id AS session_id, amount, expires_at FROM checkout_sessions
           WHERE (commande_id = ? OR pending_commande_id = ?) AND status IN ('CREATING', 'OPEN') AND expires_at > ?
             AND close_due_at IS NULL
           ORDER BY created_at DESC, id DESC LIMIT 1"#,
        commande,
        pending,
        now
    )
    .fetch_optional(conn)
    .await
}

/// What Stripe calls the pages of a pending order that can still be paid.
///
/// # Errors
/// When the database refuses.
pub async fn open_pages(conn: &mut MySqlConnection, pending_id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT stripe_session_id AS "id!" FROM checkout_sessions
           WHERE pending_commande_id = ? AND status = 'OPEN' AND stripe_session_id IS NOT NULL"#,
        pending_id
    )
    .fetch_all(conn)
    .await
}

/// Notes how a session ended; a paid one stays paid.
pub async fn set_session_state(
    conn: &mut MySqlConnection,
    id: Uuid,
    state: SessionState,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET status = ?, close_due_at = NULL, updated_at = ? WHERE id = ? AND status <> 'PAID'",
        state,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that the customer is through and the money on its way, unless more is known already:
/// events come in any order.
pub async fn set_session_processing(
    conn: &mut MySqlConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET status = 'PROCESSING', updated_at = ?
         WHERE id = ? AND status IN ('CREATING', 'OPEN')",
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Links the session Stripe names to our row, for a webhook faster than the answer to our own call.
pub async fn adopt_session(
    conn: &mut MySqlConnection,
    id: Uuid,
    session_id: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET stripe_session_id = ? WHERE id = ? AND stripe_session_id IS NULL",
        session_id,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the session that Stripe names, by its id or by the reference we gave it.
pub async fn lock_session(
    conn: &mut MySqlConnection,
    session_id: &str,
    reference: Option<Uuid>,
) -> Result<Option<SessionRow>, sqlx::Error> {
    let by_id = sqlx::query_as!(
        SessionRow,
        r#"SELECT id, stripe_session_id AS session_id, commande_id, pending_commande_id, amount,
                  items AS "items: Json<Value>", status AS "status: SessionState", created_at, expires_at
           FROM checkout_sessions WHERE stripe_session_id = ? FOR UPDATE"#,
        session_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    match (by_id, reference) {
        (Some(row), _) => Ok(Some(row)),
        (None, None) => Ok(None),
        (None, Some(reference)) => {
            sqlx::query_as!(
                SessionRow,
                r#"SELECT id, stripe_session_id AS session_id, commande_id, pending_commande_id, amount,
                          items AS "items: Json<Value>", status AS "status: SessionState", created_at, expires_at
                   FROM checkout_sessions WHERE id = ? AND stripe_session_id IS NULL FOR UPDATE"#,
                reference
            )
            .fetch_optional(conn)
            .await
        }
    }
}

/// A session and who may ask about it.
pub struct OwnedSession {
    /// What people call its order.
    pub reference: Option<String>,
    pub status: SessionState,
    pub commande_id: Option<Uuid>,
    pub pending_commande_id: Option<Uuid>,
}

/// A session of one of the caller's orders, paid or pending.
pub async fn session_of_user(
    conn: &mut MySqlConnection,
    session_id: &str,
    user_id: Uuid,
) -> Result<Option<OwnedSession>, sqlx::Error> {
    sqlx::query_as!(
        OwnedSession,
        r#"SELECT COALESCE(c.reference, p.reference) AS "reference: String", s.status AS "status: SessionState",
                  COALESCE(s.commande_id, p.commande_id) AS "commande_id: Uuid",
                  s.pending_commande_id
           FROM checkout_sessions s
           LEFT JOIN commandes c ON c.id = s.commande_id
           LEFT JOIN pending_commandes p ON p.id = s.pending_commande_id
           WHERE s.stripe_session_id = ? AND (c.user_id = ? OR p.user_id = ?)"#,
        session_id,
        user_id,
        user_id
    )
    .fetch_optional(conn)
    .await
}

/// Sessions to ask Stripe about until they end: a quarter of an hour after they were opened, then [less and less
/// often](set_next_check).
pub enum OpenSessions {}

impl Queue for OpenSessions {
    type Id = Uuid;
    const TABLE: &'static str = "checkout_sessions";
    const DUE: &'static str = "checked_at";
    const INDEX: &'static str = "checkout_sessions_reconcile";
    const WAITING: &'static [&'static str] =
        &["status = 'CREATING'", "status = 'OPEN'", "status = 'PROCESSING'"];
    const ATTEMPTS: Option<&'static str> = None;
    const CAUSE: Option<&'static str> = None;
    const LEASE: TimeDelta = TimeDelta::minutes(15);
    const PATIENCE: TimeDelta = TimeDelta::minutes(15);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::minutes(15), TimeDelta::minutes(15));
}

/// Takes up to `limit` sessions to ask Stripe about.
pub async fn claim_unchecked(
    db: &Db,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    let leases: Vec<Lease<OpenSessions>> = lease::claim(db, now, limit).await?;
    let mut conn = db.conn().await?;
    let mut rows = Vec::with_capacity(leases.len());
    for lease in leases {
        rows.extend(session(&mut conn, lease.id).await?);
    }
    Ok(rows)
}

/// Notes when Stripe is asked again about a session that has not ended.
pub async fn set_next_check(
    conn: &mut MySqlConnection,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET checked_at = ? WHERE id = ? AND status IN ('CREATING', 'OPEN', 'PROCESSING')",
        at - OpenSessions::PATIENCE,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

pub async fn session(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<SessionRow>, sqlx::Error> {
    sqlx::query_as!(
        SessionRow,
        r#"SELECT id, stripe_session_id AS session_id, commande_id, pending_commande_id, amount,
                  items AS "items: Json<Value>", status AS "status: SessionState", created_at, expires_at
           FROM checkout_sessions WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Whether a payment page of this order, pending or not, can still be paid, or is.
///
/// # Errors
/// When the database refuses.
pub async fn has_open_session(
    conn: &mut MySqlConnection,
    commande_id: Option<Uuid>,
    pending_id: Option<Uuid>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT (EXISTS (SELECT 1 FROM checkout_sessions
                     WHERE commande_id = ? AND status IN ('CREATING', 'OPEN', 'PROCESSING'))
                OR EXISTS (SELECT 1 FROM checkout_sessions
                     WHERE pending_commande_id = ? AND status IN ('CREATING', 'OPEN', 'PROCESSING'))) AS "open!: bool""#,
        commande_id,
        pending_id
    )
    .fetch_one(conn)
    .await
}

/// Whether money for this pending order came, or is on its way.
///
/// # Errors
/// When the database refuses.
pub async fn is_being_paid(conn: &mut MySqlConnection, pending_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM checkout_sessions
             WHERE pending_commande_id = ? AND status IN ('PROCESSING', 'PAID')) AS "paying!: bool""#,
        pending_id
    )
    .fetch_one(conn)
    .await
}

/// How long money on its way is waited for, in days: a bank debit takes two weeks at most.
const MONEY_WAITED_DAYS: i64 = 30;

/// Those of these pending orders that are paid or may still be: a payment page stands, or money is on its way.
///
/// # Errors
/// When the database refuses.
pub async fn payable_among(
    conn: &mut MySqlConnection,
    pending_ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<HashSet<Uuid>, sqlx::Error> {
    if pending_ids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut query = QueryBuilder::new(
        "SELECT DISTINCT pending_commande_id FROM checkout_sessions WHERE (status = 'PAID'",
    );
    query.push(" OR status IN ('CREATING', 'OPEN') OR (status = 'PROCESSING' AND created_at >= ");
    query.push_bind(now - Duration::days(MONEY_WAITED_DAYS)).push(")) AND pending_commande_id IN (");
    let mut list = query.separated(", ");
    for id in pending_ids {
        list.push_bind(id);
    }
    query.push(")");
    let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(conn).await?;
    Ok(ids.into_iter().collect())
}

/// What a session led to, or will lead to once its money is there.
pub struct SettledOrder {
    pub user_id: Option<Uuid>,
    pub commande_id: Option<Uuid>,
    pub pending_commande_id: Option<Uuid>,
    pub email: String,
}

pub async fn settled_order(
    conn: &mut MySqlConnection,
    session_id: &str,
) -> Result<Option<SettledOrder>, sqlx::Error> {
    sqlx::query_as!(
        SettledOrder,
        r#"SELECT u.id AS "user_id?: Uuid", c.id AS "commande_id?: Uuid", s.pending_commande_id,
                  COALESCE(u.email, p.email, '') AS "email!"
           FROM checkout_sessions s
           LEFT JOIN pending_commandes p ON p.id = s.pending_commande_id
           LEFT JOIN commandes c ON c.id = COALESCE(s.commande_id, p.commande_id)
           LEFT JOIN users u ON u.id = COALESCE(c.user_id, p.user_id)
           WHERE s.stripe_session_id = ?"#,
        session_id
    )
    .fetch_optional(conn)
    .await
}
