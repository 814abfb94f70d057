//! What people call an order: eight characters of Crockford's base 32 in two groups, such as `7F3K-92QD`. An order has
//! it from the moment it is placed and keeps it when it is paid. `order_references` lets none be given twice.

use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    app::AppState,
    clock::random_bytes,
    db::{violates, with_retry},
};

/// No I, L, O and U: nobody mistakes one character for another (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Rows filled per round.
const BATCH: u32 = 100;

/// Gives a reference that no order has or ever had, in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn claim(conn: &mut MySqlConnection) -> Result<String, sqlx::Error> {
    loop {
        let reference = written(u64::from_be_bytes(random_bytes::<8>()));
        let given = sqlx::query!("INSERT INTO order_references (reference) VALUES (?)", reference)
            .execute(&mut *conn)
            .await;
        match given {
            Ok(_) => return Ok(reference),
            Err(error) if violates(&error, "PRIMARY") => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gives orders without one their reference: those of the former platform, and those older than references. Returns
/// how many there were.
///
/// # Errors
/// When the database refuses; what was filled stays.
pub async fn fill(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut filled = 0;
    loop {
        let done = fill_pending(state).await? + fill_orders(state).await?;
        if done == 0 {
            return Ok(filled);
        }
        filled += done;
    }
}

async fn fill_pending(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        r#"SELECT id AS "id: Uuid" FROM pending_commandes WHERE reference IS NULL LIMIT ?"#,
        BATCH
    )
    .fetch_all(&mut *conn)
    .await?;
    for id in &ids {
        with_retry(|| async {
            let mut tx = state.begin().await?;
            let reference = claim(&mut tx).await?;
            sqlx::query!(
                "UPDATE pending_commandes SET reference = ? WHERE id = ? AND reference IS NULL",
                reference,
                id
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        })
        .await?;
    }
    Ok(ids.len() as u64)
}

/// After the pending ones: an order keeps the reference it was placed under.
async fn fill_orders(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: Uuid", p.reference AS "reference?" FROM commandes c
           LEFT JOIN pending_commandes p ON p.commande_id = c.id WHERE c.reference IS NULL LIMIT ?"#,
        BATCH
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        with_retry(|| async {
            let mut tx = state.begin().await?;
            let reference = match &row.reference {
                Some(reference) => reference.clone(),
                None => claim(&mut tx).await?,
            };
            sqlx::query!(
                "UPDATE commandes SET reference = ? WHERE id = ? AND reference IS NULL",
                reference,
                row.id
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        })
        .await?;
    }
    Ok(rows.len() as u64)
}

/// The lowest 40 bits, five to a character.
fn written(bits: u64) -> String {
    let character = |rank: u32| {
        let index = (bits >> (5 * rank)) as usize % ALPHABET.len();
        ALPHABET.get(index).copied().map_or('0', char::from)
    };
    let group = |ranks: std::ops::Range<u32>| ranks.map(character).collect::<String>();
    format!("{}-{}", group(0..4), group(4..8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_two_groups_of_four() {
        assert_eq!(written(0), "0000-0000");
        assert_eq!(written(u64::MAX), "ZZZZ-ZZZZ");
        assert_eq!(written(1 << 5 | 2 << 20), "0100-2000");
    }
}
