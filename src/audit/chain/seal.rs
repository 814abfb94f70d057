//! Sealing what was recorded.

use super::{
    digest::{self, GENESIS},
    store::{self, Row, Seal, State},
};
use crate::{
    app::AppState,
    db::{filter::Enum, with_retry},
};

/// Rows of one seal, at most.
pub const BATCH: u32 = 1024;

/// Seals every row that no seal covers, a batch at a time; answers how many rows these were. A batch is a transaction:
/// cut off, it leaves its rows to the next run.
///
/// # Errors
/// When the database refuses.
pub async fn seal_all(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut sealed = 0;
    loop {
        let rows = with_retry(|| seal_batch(state)).await?;
        sealed += rows;
        if rows < u64::from(BATCH) {
            return Ok(sealed);
        }
    }
}

async fn seal_batch(state: &AppState) -> Result<u64, sqlx::Error> {
    let mut tx = state.db.begin().await?;
    // Of two servers that seal, the second waits here; at the very first seal, its number is taken.
    let last = store::lock_last(&mut tx).await?;
    let rows = store::unsealed(&mut tx, BATCH).await?;
    let Some(seal) = make(state, last, &rows) else { return Ok(0) };
    store::insert(&mut tx, &seal).await?;
    if store::cover(&mut tx, seal.id, &rows).await? != rows.len() as u64 {
        return Err(sqlx::Error::Protocol("rows of the audit log went while they were sealed".into()));
    }
    tx.commit().await?;
    // Outside of the database: what a seal was, should somebody write the chain anew.
    tracing::info!(seal = seal.id, rows = seal.row_count, hash = seal.hash, "the audit log was sealed");
    Ok(rows.len() as u64)
}

/// The seal of these rows after the last one; none of no rows.
fn make(state: &AppState, last: Option<(u64, String)>, rows: &[Row]) -> Option<Seal> {
    let (first, newest) = (rows.first()?, rows.iter().map(|row| row.timestamp).max()?);
    let (id, previous_hash) = last.map_or((1, GENESIS.to_owned()), |(id, hash)| (id + 1, hash));
    let digests = digest::of_rows(rows);
    let mut seal = Seal {
        id,
        first_seq: first.seq,
        last_seq: rows.last()?.seq,
        row_count: u32::try_from(rows.len()).ok()?,
        rows_hash: digest::of_digests(&digests),
        previous_hash,
        hash: String::new(),
        newest_at: newest,
        sealed_at: state.clock.now(),
        state: Enum(State::Sealed),
        digests: Some(digests),
    };
    seal.hash = digest::of_seal(&seal);
    Some(seal)
}
