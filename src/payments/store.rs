//! SQL of the payments: sessions, events, money received and given back.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::{clock::new_id, commandes::Buyer, db::violates};

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
    pub stripe_session_id: Option<String>,
    pub commande_id: Option<Uuid>,
    pub pending_commande_id: Option<Uuid>,
    pub amount: i32,
    pub status: SessionState,
}

/// An order to open a payment page for.
pub struct Payable {
    pub user_id: Option<Uuid>,
    pub email: String,
    pub titre: String,
    pub service: Option<String>,
    pub amount: Option<i32>,
}

pub async fn insert_session(
    conn: &mut MySqlConnection,
    row: &SessionRow,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO checkout_sessions
           (id, stripe_session_id, commande_id, pending_commande_id, amount, status, expires_at, checked_at,
            created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.id,
        row.stripe_session_id,
        row.commande_id,
        row.pending_commande_id,
        row.amount,
        row.status,
        expires_at,
        now,
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes what Stripe answered, unless a webhook was faster.
pub async fn set_opened(
    conn: &mut MySqlConnection,
    id: Uuid,
    stripe_id: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET stripe_session_id = ?, status = 'OPEN', updated_at = ?
         WHERE id = ? AND status = 'CREATING'",
        stripe_id,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_session_state(
    conn: &mut MySqlConnection,
    id: Uuid,
    state: SessionState,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET status = ?, updated_at = ? WHERE id = ? AND status <> 'PAID'",
        state,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Links the session Stripe names to our row, for a webhook faster than the answer to our own call.
pub async fn adopt_session(conn: &mut MySqlConnection, id: Uuid, stripe_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE checkout_sessions SET stripe_session_id = ? WHERE id = ? AND stripe_session_id IS NULL",
        stripe_id,
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the session that Stripe names, by its id or by the reference we gave it.
pub async fn lock_session(
    conn: &mut MySqlConnection,
    stripe_id: &str,
    reference: Option<Uuid>,
) -> Result<Option<SessionRow>, sqlx::Error> {
    let by_id = sqlx::query_as!(
        SessionRow,
        r#"SELECT id, stripe_session_id, commande_id, pending_commande_id, amount, status AS "status: SessionState"
           FROM checkout_sessions WHERE stripe_session_id = ? FOR UPDATE"#,
        stripe_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    match (by_id, reference) {
        (Some(row), _) => Ok(Some(row)),
        (None, None) => Ok(None),
        (None, Some(reference)) => {
            sqlx::query_as!(
                SessionRow,
                r#"SELECT id, stripe_session_id, commande_id, pending_commande_id, amount,
                          status AS "status: SessionState"
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
    pub status: SessionState,
    pub commande_id: Option<Uuid>,
    pub pending_commande_id: Option<Uuid>,
}

/// A session of one of the caller's orders, paid or pending.
pub async fn session_of_user(
    conn: &mut MySqlConnection,
    stripe_id: &str,
    user_id: Uuid,
) -> Result<Option<OwnedSession>, sqlx::Error> {
    sqlx::query_as!(
        OwnedSession,
        r#"SELECT s.status AS "status: SessionState", COALESCE(s.commande_id, p.commande_id) AS "commande_id: Uuid",
                  s.pending_commande_id
           FROM checkout_sessions s
           LEFT JOIN commandes c ON c.id = s.commande_id
           LEFT JOIN pending_commandes p ON p.id = s.pending_commande_id
           WHERE s.stripe_session_id = ? AND (c.user_id = ? OR p.user_id = ?)"#,
        stripe_id,
        user_id,
        user_id
    )
    .fetch_optional(conn)
    .await
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

pub async fn set_commande_unpaid(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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
pub async fn expire_pending(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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

/// The account that a paid order belongs to.
pub struct Account {
    pub id: Uuid,
    pub prenom: String,
    pub nom: String,
    pub email: String,
    /// Never activated: a new guest account.
    pub dormant: bool,
}

pub async fn lock_account(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id, prenom, nom, email, (is_active = FALSE AND deactivated_by IS NULL) AS "dormant!: bool"
           FROM users WHERE id = ? AND deleted_at IS NULL FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

pub async fn lock_account_by_email(
    conn: &mut MySqlConnection,
    email: &str,
) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id, prenom, nom, email, (is_active = FALSE AND deactivated_by IS NULL) AS "dormant!: bool"
           FROM users WHERE email = ? AND deleted_at IS NULL FOR UPDATE"#,
        email
    )
    .fetch_optional(conn)
    .await
}

/// Creates the account of a guest who paid, without a password; `None` when another transaction
/// created it meanwhile.
pub async fn insert_dormant_account(
    conn: &mut MySqlConnection,
    pending: &PendingRow,
    unusable_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Account>, sqlx::Error> {
    let id = new_id();
    let inserted = sqlx::query!(
        "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, telephone, adresse, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, 'USER', FALSE, ?, ?, ?, ?)",
        id,
        pending.prenom,
        pending.nom,
        pending.email,
        unusable_hash,
        pending.telephone,
        pending.adresse,
        now,
        now
    )
    .execute(conn)
    .await;
    match inserted {
        Ok(_) => Ok(Some(Account {
            id,
            prenom: pending.prenom.clone(),
            nom: pending.nom.clone(),
            email: pending.email.clone(),
            dormant: true,
        })),
        Err(error) if violates(&error, "users_email") => Ok(None),
        Err(error) => Err(error),
    }
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

pub async fn set_commande_failed(conn: &mut MySqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
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

/// Leases the sessions that nobody has asked Stripe about since `before`.
pub async fn claim_unchecked(
    conn: &mut MySqlConnection,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<SessionRow>, sqlx::Error> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"SELECT id, stripe_session_id, commande_id, pending_commande_id, amount, status AS "status: SessionState"
           FROM checkout_sessions
           WHERE status IN ('CREATING', 'OPEN', 'PROCESSING') AND checked_at <= ?
           ORDER BY checked_at, id LIMIT ? FOR UPDATE SKIP LOCKED"#,
        before,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        sqlx::query!("UPDATE checkout_sessions SET checked_at = ? WHERE id = ?", now, row.id)
            .execute(&mut *conn)
            .await?;
    }
    Ok(rows)
}

/// Whether the order of a session is paid already, through another one.
pub async fn is_target_paid(conn: &mut MySqlConnection, session: &SessionRow) -> Result<bool, sqlx::Error> {
    let paid = sqlx::query_scalar!(
        r#"SELECT (EXISTS (SELECT 1 FROM commandes WHERE id = ? AND payment_status = 'paid')
               OR EXISTS (SELECT 1 FROM pending_commandes WHERE id = ? AND status = 'PAID')) AS "paid!: bool""#,
        session.commande_id,
        session.pending_commande_id
    )
    .fetch_one(conn)
    .await?;
    Ok(paid)
}

/// What became of a stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum EventStatus {
    /// Applied; never applied again.
    Processed,
    /// Failed; will be tried again.
    Failed,
    /// Speaks of a session that is not ours.
    Unmatched,
    /// Given up by an administrator.
    Discarded,
}

/// Takes an event for processing: writes it, or locks the row a former delivery left. False when it
/// is settled and nothing is left to do.
pub async fn take_event(
    conn: &mut MySqlConnection,
    event: &StoredEvent<'_>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO stripe_events (id, type, status, object_id, payload, received_at, processed_at)
         VALUES (?, ?, 'PROCESSED', ?, ?, ?, ?)",
        event.id,
        event.kind,
        event.object_id,
        event.payload,
        now,
        now
    )
    .execute(&mut *conn)
    .await;
    match inserted {
        Ok(_) => return Ok(true),
        Err(error) if violates(&error, "PRIMARY") => {}
        Err(error) => return Err(error),
    }
    let retaken = sqlx::query!(
        "UPDATE stripe_events SET status = 'PROCESSED', processed_at = ?, next_attempt_at = NULL, last_error = NULL,
                attempts = attempts + 1
         WHERE id = ? AND status IN ('FAILED', 'UNMATCHED')",
        now,
        event.id
    )
    .execute(conn)
    .await?;
    Ok(retaken.rows_affected() == 1)
}

/// An event as it is kept.
pub struct StoredEvent<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub object_id: Option<&'a str>,
    pub payload: &'a str,
}

/// Keeps an event that could not be applied.
pub async fn keep_event(
    conn: &mut MySqlConnection,
    event: &StoredEvent<'_>,
    status: EventStatus,
    error: Option<&str>,
    now: DateTime<Utc>,
    retry_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stripe_events (id, type, status, object_id, payload, last_error, next_attempt_at, received_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE
           attempts = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN attempts + 1 ELSE attempts END,
           last_error = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN VALUES(last_error) ELSE last_error END,
           next_attempt_at = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN VALUES(next_attempt_at) ELSE next_attempt_at END,
           status = CASE WHEN status IN ('FAILED', 'UNMATCHED') THEN VALUES(status) ELSE status END",
        event.id,
        event.kind,
        status,
        event.object_id,
        event.payload,
        error,
        retry_at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A failed event that is due.
pub struct DueEvent {
    pub id: String,
    pub payload: String,
    pub attempts: u32,
}

/// Leases the failed events that are due.
pub async fn claim_events(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    lease: Duration,
    limit: u32,
) -> Result<Vec<DueEvent>, sqlx::Error> {
    let rows = sqlx::query_as!(
        DueEvent,
        "SELECT id, payload, attempts FROM stripe_events
         WHERE status = 'FAILED' AND next_attempt_at <= ?
         ORDER BY next_attempt_at, id LIMIT ? FOR UPDATE SKIP LOCKED",
        now,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        sqlx::query!("UPDATE stripe_events SET next_attempt_at = ? WHERE id = ?", now + lease, row.id)
            .execute(&mut *conn)
            .await?;
    }
    Ok(rows)
}

/// How often a stored event was tried.
pub async fn event_attempts(conn: &mut MySqlConnection, id: &str) -> Result<u32, sqlx::Error> {
    let attempts =
        sqlx::query_scalar!("SELECT attempts FROM stripe_events WHERE id = ?", id).fetch_optional(conn).await?;
    Ok(attempts.unwrap_or(0))
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

/// What a settled session led to.
pub struct SettledOrder {
    pub user_id: Option<Uuid>,
    pub commande_id: Option<Uuid>,
    pub pending_commande_id: Option<Uuid>,
    pub email: String,
}

pub async fn settled_order(
    conn: &mut MySqlConnection,
    stripe_id: &str,
) -> Result<Option<SettledOrder>, sqlx::Error> {
    sqlx::query_as!(
        SettledOrder,
        r#"SELECT u.id AS "user_id?: Uuid", c.id AS "commande_id?: Uuid", s.pending_commande_id, u.email
           FROM checkout_sessions s
           LEFT JOIN pending_commandes p ON p.id = s.pending_commande_id
           JOIN commandes c ON c.id = COALESCE(s.commande_id, p.commande_id)
           JOIN users u ON u.id = c.user_id
           WHERE s.stripe_session_id = ?"#,
        stripe_id
    )
    .fetch_optional(conn)
    .await
}
