//! Who takes part in whose conversation.

use sqlx::MySqlConnection;
use uuid::Uuid;

/// Whether a corrector was given an order of this client.
pub async fn corrects(
    conn: &mut MySqlConnection,
    corrector: Uuid,
    client: Uuid,
) -> Result<bool, sqlx::Error> {
    let orders = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM commandes WHERE user_id = ? AND corrector_id = ?",
        client,
        corrector
    )
    .fetch_one(conn)
    .await?;
    Ok(orders > 0)
}

/// The correctors at work on orders of a client.
pub async fn correctors_at_work(conn: &mut MySqlConnection, client: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT u.id AS "id: Uuid"
           FROM commandes o JOIN users u ON u.id = o.corrector_id
           WHERE o.user_id = ? AND o.statut IN ('PAYEE', 'EN_COURS') AND u.role = 'CORRECTOR' AND u.is_active
             AND u.deleted_at IS NULL"#,
        client
    )
    .fetch_all(conn)
    .await
}

/// Whether this is the account of somebody.
pub async fn is_account(conn: &mut MySqlConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!("SELECT COUNT(*) FROM users WHERE id = ? AND deleted_at IS NULL", id)
        .fetch_one(conn)
        .await?;
    Ok(found > 0)
}
