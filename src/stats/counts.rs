//! SQL of the administrators' figures. The demonstration's rows count nowhere.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::commandes::Statut;

/// Accounts opened and orders placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Accounts, of any role.
    pub new_users: i64,
    /// Orders, of any status.
    pub orders: i64,
}

/// Accounts and orders of a time, counted in the order of their indexes.
pub async fn activity(
    conn: &mut MySqlConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Activity, sqlx::Error> {
    sqlx::query_as!(
        Activity,
        r#"SELECT (SELECT COUNT(*) FROM users WHERE created_at >= ? AND created_at < ?)
                  - (SELECT COUNT(*) FROM users WHERE is_demo = TRUE AND created_at >= ? AND created_at < ?) AS "new_users!: i64",
                  (SELECT COUNT(*) FROM commandes WHERE created_at >= ? AND created_at < ?)
                  - (SELECT COUNT(*) FROM commandes WHERE is_demo = TRUE AND created_at >= ? AND created_at < ?) AS "orders!: i64""#,
        from,
        until,
        from,
        until,
        from,
        until,
        from,
        until
    )
    .fetch_one(conn)
    .await
}

/// What was counted of the days from `from` to `to`, both included, once they were over.
pub async fn counted(
    conn: &mut MySqlConnection,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(NaiveDate, Activity)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT day, CAST(new_users AS SIGNED) AS "new_users!: i64", CAST(orders AS SIGNED) AS "orders!: i64"
           FROM daily_totals WHERE day BETWEEN ? AND ? AND slot = 0 AND counted_at IS NOT NULL ORDER BY day"#,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.day, Activity { new_users: row.new_users, orders: row.orders }))
        .collect())
}

/// How many orders there are of each status.
pub async fn by_statut(conn: &mut MySqlConnection) -> Result<Vec<(Statut, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT statut AS "statut!: Statut", CAST(SUM(n) AS SIGNED) AS "count!: i64"
           FROM (SELECT statut, COUNT(*) AS n FROM commandes GROUP BY statut
                 UNION ALL
                 SELECT statut, -COUNT(*) FROM commandes WHERE is_demo = TRUE GROUP BY statut) all_of_them
           GROUP BY statut"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.statut, row.count)).collect())
}

/// Accounts that can be used.
pub async fn active_users(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL AND is_active = TRUE AND is_demo = FALSE"
    )
    .fetch_one(conn)
    .await
}

/// An invoice that was paid.
#[derive(Clone, Debug, PartialEq)]
pub struct LatestPayment {
    /// The invoice.
    pub id: Uuid,
    /// Cents, VAT included.
    pub amount: i32,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// First name of the client.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Their address.
    pub email: String,
    /// Title of the order.
    pub titre: String,
}

/// The ten latest invoices.
pub async fn latest_payments(conn: &mut MySqlConnection) -> Result<Vec<LatestPayment>, sqlx::Error> {
    sqlx::query_as!(
        LatestPayment,
        r#"SELECT i.id AS "id: Uuid", i.amount, i.created_at, u.prenom, u.nom, u.email, c.titre
           FROM invoices i FORCE INDEX (invoices_created)
           JOIN commandes c ON c.id = i.commande_id JOIN users u ON u.id = c.user_id
           WHERE i.kind = 'INVOICE' AND i.paid_at IS NOT NULL AND i.is_demo = FALSE
           ORDER BY i.created_at DESC, i.id DESC LIMIT 10"#
    )
    .fetch_all(conn)
    .await
}

/// Orders of a time that were paid, and pages for payment of that time nobody paid at.
pub async fn conversions(
    conn: &mut MySqlConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT CAST(COALESCE(SUM(payment_status = 'paid'), 0) AS SIGNED) FROM commandes
                   WHERE created_at >= ? AND created_at < ? AND is_demo = FALSE) AS "paid!: i64",
                  (SELECT COUNT(*) FROM commandes WHERE created_at >= ? AND created_at < ? AND is_demo = FALSE)
                  + (SELECT COUNT(*) FROM pending_commandes WHERE created_at >= ? AND created_at < ? AND commande_id IS NULL)
                    AS "all!: i64""#,
        from,
        until,
        from,
        until,
        from,
        until
    )
    .fetch_one(conn)
    .await?;
    Ok((row.paid, row.all))
}

/// Minutes the team took to answer, on average over the fifty conversations last written in; none when it answered none.
pub async fn answered_within(conn: &mut MySqlConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT CAST(ROUND(AVG(TIMESTAMPDIFF(SECOND, asked, answered)) / 60) AS SIGNED) AS "minutes: i64"
           FROM (SELECT answers.answered, MAX(q.created_at) AS asked
                 FROM (SELECT latest.id, MAX(a.created_at) AS answered
                       FROM (SELECT id FROM conversations WHERE admin_hidden = FALSE
                             ORDER BY last_message_at DESC, id DESC LIMIT 50) latest
                       JOIN messages a ON a.conversation_id = latest.id
                       JOIN users team ON team.id = a.sender_id AND team.role = 'ADMIN'
                       GROUP BY latest.id) answers
                 JOIN messages q ON q.conversation_id = answers.id AND q.created_at < answers.answered
                 LEFT JOIN users asking ON asking.id = q.sender_id
                 WHERE asking.role IS NULL OR asking.role <> 'ADMIN'
                 GROUP BY answers.id, answers.answered) pairs"#
    )
    .fetch_one(conn)
    .await
}

/// Messages nobody of the team has read.
pub async fn unread_messages(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(admin_unread), 0) AS SIGNED) AS "sum!: i64" FROM conversations
           WHERE admin_hidden = FALSE AND admin_archived = FALSE AND admin_unread > 0"#
    )
    .fetch_one(conn)
    .await
}

/// The first day anybody came or ordered: where counting begins.
pub async fn first_instant(conn: &mut MySqlConnection) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT LEAST(COALESCE((SELECT MIN(created_at) FROM users), (SELECT MIN(created_at) FROM commandes)),
                        COALESCE((SELECT MIN(created_at) FROM commandes), (SELECT MIN(created_at) FROM users)))
             AS "first: DateTime<Utc>""#
    )
    .fetch_one(conn)
    .await
}
