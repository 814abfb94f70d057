//! Which accounts were erased, by their ids alone, so that restoring an older backup brings none of them back.
//!
//! The table is written in the transaction of the erasure, and copied after it into a file outside of the database
//! (`ERASURE_LOG`), which no backup of the database sets back: one line each, instant and id. After a restoration
//! [`replay`] erases again what the file names.

use std::{
    fs::OpenOptions,
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::erasing::{Reason, erase_account};
use crate::app::AppState;

/// Lines written at a time.
const BATCH: u32 = 1000;

/// The file is about people, if only by their ids.
const PRIVATE_MODE: u32 = 0o600;

/// An account that was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The account.
    pub user_id: Uuid,
    /// When.
    pub erased_at: DateTime<Utc>,
}

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Accounts erased again.
    pub erased: u64,
    /// Accounts that are erased already, or that this database never had.
    pub nothing_to_do: u64,
}

/// Notes an erasure, in its transaction.
pub(super) async fn record(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO erasures (user_id, erased_at) VALUES (?, ?)
         ON DUPLICATE KEY UPDATE erased_at = VALUES(erased_at), logged_at = NULL",
        user_id,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Copies the erasures that are not in the file yet; answers how many there were. Cut off between the file and the
/// table, it writes a line twice, which a replay does not mind.
///
/// # Errors
/// When the database is away or the file cannot be written.
pub async fn write_down(state: &AppState) -> anyhow::Result<u64> {
    let mut written = 0;
    loop {
        let fresh = unwritten(state).await?;
        if fresh.is_empty() {
            return Ok(written);
        }
        let (path, lines) = (state.config.erasure_log.clone(), fresh.clone());
        let failed = || format!("ERASURE_LOG: {} cannot be written", state.config.erasure_log.display());
        tokio::task::spawn_blocking(move || append(&path, &lines)).await?.with_context(failed)?;
        note_written(state, &fresh).await?;
        written += fresh.len() as u64;
    }
}

async fn unwritten(state: &AppState) -> Result<Vec<Erasure>, sqlx::Error> {
    let mut conn = state.db.conn().await?;
    sqlx::query_as!(
        Erasure,
        r#"SELECT user_id AS "user_id: Uuid", erased_at FROM erasures
           WHERE logged_at IS NULL ORDER BY erased_at, user_id LIMIT ?"#,
        BATCH
    )
    .fetch_all(&mut *conn)
    .await
}

async fn note_written(state: &AppState, erasures: &[Erasure]) -> Result<(), sqlx::Error> {
    let now = state.clock.now();
    let mut conn = state.db.conn().await?;
    for erasure in erasures {
        sqlx::query!(
            "UPDATE erasures SET logged_at = ? WHERE user_id = ? AND erased_at = ?",
            now,
            erasure.user_id,
            erasure.erased_at
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Every erasure the database knows of, oldest first.
///
/// # Errors
/// When the database refuses.
pub async fn all(conn: &mut MySqlConnection) -> Result<Vec<Erasure>, sqlx::Error> {
    sqlx::query_as!(
        Erasure,
        r#"SELECT user_id AS "user_id: Uuid", erased_at FROM erasures ORDER BY erased_at, user_id"#
    )
    .fetch_all(conn)
    .await
}

/// Erases again the accounts of a file of erasures that are there.
///
/// # Errors
/// When the database is away; run it again then.
pub async fn replay(state: &AppState, erasures: &[Erasure]) -> anyhow::Result<Replayed> {
    let mut replayed = Replayed::default();
    for erasure in erasures {
        let reason = Reason::Restored(erasure.erased_at);
        let erased = erase_account(state, erasure.user_id, reason).await;
        match erased.with_context(|| format!("account {}", erasure.user_id))? {
            true => replayed.erased += 1,
            false => replayed.nothing_to_do += 1,
        }
    }
    Ok(replayed)
}

impl Erasure {
    /// Its line in a file.
    pub fn line(&self) -> String {
        format!("{} {}", self.erased_at.to_rfc3339_opts(SecondsFormat::Millis, true), self.user_id)
    }

    /// Reads a line; nothing of one that was cut off.
    pub fn read(line: &str) -> Option<Self> {
        let (at, id) = line.trim().split_once(' ')?;
        Some(Self { erased_at: at.parse().ok()?, user_id: Uuid::try_parse(id.trim()).ok()? })
    }
}

/// Adds lines to a file, durably. Blocking.
fn append(path: &Path, erasures: &[Erasure]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(PRIVATE_MODE).open(path)?;
    file.lock()?;
    let mut text = String::new();
    if !ends_with_a_line(&mut file)? {
        text.push('\n');
    }
    for erasure in erasures {
        text.push_str(&erasure.line());
        text.push('\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A writer that was killed may have left half a line.
fn ends_with_a_line(file: &mut std::fs::File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_half_a_line_is_none() {
        let erasure =
            Erasure { user_id: Uuid::from_u128(7), erased_at: "2026-03-10T09:00:00.123Z".parse().unwrap() };
        let line = erasure.line();
        assert_eq!(line, "2026-03-10T09:00:00.123Z 00000000-0000-0000-0000-000000000007");
        assert_eq!(Erasure::read(&line), Some(erasure));
        for end in 0..line.len() {
            assert_eq!(Erasure::read(&line[..end]), None, "{end}");
        }
    }
}
