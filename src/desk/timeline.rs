//! What happened to an order, from the rows that each happening left.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

/// Entries of each source, the latest.
const MOST: u32 = 100;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// What: the act of the audit log, `PAYMENT`, `REFUND`, `INVOICE`, `CREDIT_NOTE`, `FILE`, `WITHDRAWAL` or
    /// `REFUND_REQUESTED`.
    pub kind: String,
    /// More of it: a number, a name, the details of the act.
    pub label: Option<String>,
    /// Cents, where money is concerned.
    pub amount: Option<i64>,
    /// Who did it, where that is known.
    pub actor: Option<String>,
    /// The row it is about.
    pub id: Option<Uuid>,
}

/// What happened to an order, the latest first.
///
/// # Errors
/// When the database refuses.
pub async fn timeline(conn: &mut MySqlConnection, id: Uuid) -> Result<Vec<Entry>, sqlx::Error> {
    let mut all = acts(conn, id).await?;
    all.extend(money(conn, id).await?);
    all.extend(things(conn, id).await?);
    all.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(all)
}

async fn acts(conn: &mut MySqlConnection, id: Uuid) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT timestamp, action, actor_email, CAST(details AS CHAR) AS "details: String" FROM audit_logs
           WHERE target_type = 'command' AND target_id = ? ORDER BY timestamp DESC LIMIT ?"#,
        id.to_string(),
        MOST
    )
    .fetch_all(conn)
    .await?;
    let acts = rows.into_iter().map(|row| Entry {
        at: row.timestamp,
        kind: row.action,
        label: row.details,
        amount: None,
        actor: Some(row.actor_email),
        id: None,
    });
    Ok(acts.collect())
}

async fn money(conn: &mut MySqlConnection, id: Uuid) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        r#"SELECT occurred_at AS "at!: DateTime<Utc>", CAST(kind AS CHAR) AS "kind!: String", CAST(NULL AS CHAR) AS "label: String",
                  CAST(amount AS SIGNED) AS "amount: i64", CAST(NULL AS CHAR) AS "actor: String", id AS "id: Uuid"
           FROM payments WHERE commande_id = ?
           UNION ALL
           SELECT issued_at, CAST(kind AS CHAR), CAST(number AS CHAR), CAST(amount AS SIGNED), NULL, id FROM invoices WHERE commande_id = ?
           UNION ALL
           SELECT created_at, 'REFUND_REQUESTED', CAST(state AS CHAR), CAST(amount AS SIGNED), NULL, id FROM refund_requests
           WHERE commande_id = ?"#,
        id,
        id,
        id
    )
    .fetch_all(conn)
    .await
}

async fn things(conn: &mut MySqlConnection, id: Uuid) -> Result<Vec<Entry>, sqlx::Error> {
    let mut all = sqlx::query_as!(
        Entry,
        r#"SELECT f.created_at AS "at!: DateTime<Utc>", CAST('FILE' AS CHAR) AS "kind!: String", f.filename AS "label: String",
                  CAST(NULL AS SIGNED) AS "amount: i64", u.email AS "actor: String", f.id AS "id: Uuid"
           FROM files f LEFT JOIN users u ON u.id = f.uploaded_by_id WHERE f.commande_id = ?
           ORDER BY f.created_at DESC LIMIT ?"#,
        id,
        MOST
    )
    .fetch_all(&mut *conn)
    .await?;
    let declared = sqlx::query_as!(
        Entry,
        r#"SELECT declared_at AS "at!: DateTime<Utc>", CAST('WITHDRAWAL' AS CHAR) AS "kind!: String",
                  CAST(state AS CHAR) AS "label: String", CAST(NULL AS SIGNED) AS "amount: i64", email AS "actor: String", id AS "id: Uuid"
           FROM withdrawals WHERE commande_id = ? ORDER BY declared_at DESC LIMIT ?"#,
        id,
        MOST
    )
    .fetch_all(conn)
    .await?;
    all.extend(declared);
    Ok(all)
}
