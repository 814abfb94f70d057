//! Checking the chain.

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::MySqlConnection;

use super::{
    Finding,
    digest::{self, ENTRY, GENESIS},
    store::{self, Seal, State},
};
use crate::db::Db;

/// Seals read at once.
const PAGE: u32 = 32;

/// How much older than the seal before its own a row may be: transactions take seconds, and clocks differ by less.
const LATE: TimeDelta = TimeDelta::hours(1);

/// A seal that was noted outside of the database, as `ID:HASH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the seal.
    pub seal: u64,
    /// Its hash.
    pub hash: String,
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(seal, hash)| Some((seal.parse().ok()?, hash)));
        let (seal, hash) = parts.ok_or("an anchor is written NUMBER:HASH")?;
        let is_hash = hash.len() == GENESIS.len() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash
            .then(|| Self { seal, hash: hash.to_ascii_lowercase() })
            .ok_or("a hash has 64 digits".to_owned())
    }
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows looked at.
    pub rows: u64,
    /// Seals looked at.
    pub seals: u64,
    /// Those of them whose rows a cleanup removed.
    pub purged: u64,
    /// Rows that wait for a seal, and could still be changed unnoticed.
    pub waiting: u64,
    /// Number and hash of the last seal.
    pub last: Option<(u64, String)>,
    /// What is not as it was sealed.
    pub findings: Vec<Finding>,
}

/// Reads the whole log and compares it with its seals; tells `progress` of each seal how many rows it had, out of how
/// many.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify(
    db: &Db,
    anchors: &[Anchor],
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, sqlx::Error> {
    let total = store::sealed_rows(&mut *db.conn().await?).await?;
    let mut check = Check { previous: (0, GENESIS.to_owned(), None), ..Check::default() };
    loop {
        let mut conn = db.conn().await?;
        let seals = store::seals_after(&mut conn, check.previous.0, PAGE).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            check.seal(&mut conn, seal, anchors).await?;
            progress(check.report.rows, total.max(check.report.rows));
        }
    }
    check.finish(&mut *db.conn().await?, anchors).await
}

#[derive(Default)]
struct Check {
    report: Report,
    /// Number, hash and instant of the seal before.
    previous: (u64, String, Option<DateTime<Utc>>),
    /// The last seal whose rows are said to be gone, or going.
    purged: Option<u64>,
    /// Noted seals that were met as they were noted.
    anchored: Vec<u64>,
}

impl Check {
    async fn seal(
        &mut self,
        conn: &mut MySqlConnection,
        seal: Seal,
        anchors: &[Anchor],
    ) -> Result<(), sqlx::Error> {
        let (before, hash, sealed_before) = &self.previous;
        if seal.id > before + 1 {
            self.report.findings.push(Finding::SealsMissing { first: before + 1, last: seal.id - 1 });
        } else if seal.previous_hash != *hash {
            self.report.findings.push(Finding::ChainBroken { seal: seal.id });
        }
        if digest::of_seal(&seal) != seal.hash {
            self.report.findings.push(Finding::SealChanged { seal: seal.id });
        }
        if anchors.iter().any(|anchor| anchor.seal == seal.id && anchor.hash == seal.hash) {
            self.anchored.push(seal.id);
        }
        let sealed_before = *sealed_before;
        match seal.state.0 {
            State::Sealed => self.rows(conn, &seal, sealed_before).await?,
            State::Purging | State::Purged => self.gone(seal.id),
        }
        self.report.seals += 1;
        self.previous = (seal.id, seal.hash, Some(seal.sealed_at));
        Ok(())
    }

    fn gone(&mut self, seal: u64) {
        self.report.purged += 1;
        self.purged = Some(seal);
    }

    async fn rows(
        &mut self,
        conn: &mut MySqlConnection,
        seal: &Seal,
        sealed_before: Option<DateTime<Utc>>,
    ) -> Result<(), sqlx::Error> {
        let rows = store::rows_of(conn, seal.id).await?;
        self.report.rows += rows.len() as u64;
        if let Some(limit) = sealed_before.map(|at| at - LATE) {
            let late = rows.iter().filter(|row| row.timestamp < limit || row.created_at < limit);
            self.report.findings.extend(late.map(|row| Finding::RowBackdated { seq: row.seq }));
        }
        let now = digest::of_rows(&rows);
        let found = compare(seal, &now);
        // A cleanup may have come meanwhile.
        if !found.is_empty()
            && let Some(seal) = store::seal(conn, seal.id).await?
            && seal.state.0 != State::Sealed
        {
            self.gone(seal.id);
            return Ok(());
        }
        self.report.findings.extend(found);
        Ok(())
    }

    async fn finish(mut self, conn: &mut MySqlConnection, anchors: &[Anchor]) -> Result<Report, sqlx::Error> {
        let recorded =
            store::cleanups(conn).await?.iter().flatten().filter_map(|details| through(details)).max();
        if let Some(seal) = self.purged.filter(|seal| recorded.is_none_or(|through| through < *seal)) {
            self.report.findings.push(Finding::PurgeUnrecorded { seal });
        }
        for (seal, missing) in store::astray(conn).await? {
            let finding =
                if missing { Finding::RowsOfNoSeal { seal } } else { Finding::RowsOfPurged { seal } };
            self.report.findings.push(finding);
        }
        if let Some(sealed) = self.previous.2 {
            let late = store::unsealed_before(conn, sealed - LATE).await?;
            self.report.findings.extend(late.into_iter().map(|seq| Finding::RowBackdated { seq }));
        }
        let lost = anchors.iter().filter(|anchor| !self.anchored.contains(&anchor.seal));
        self.report.findings.extend(lost.map(|anchor| Finding::AnchorLost { seal: anchor.seal }));
        self.report.waiting = store::waiting(conn).await?;
        self.report.last = Some((self.previous.0, self.previous.1)).filter(|(id, _)| *id > 0);
        Ok(self.report)
    }
}

/// The last seal a recorded cleanup let go.
fn through(details: &str) -> Option<u64> {
    serde_json::from_str::<Value>(details).ok()?.get("throughSeal")?.as_u64()
}

/// What is wrong with the rows of a seal, given the digests they have now.
fn compare(seal: &Seal, now: &[u8]) -> Vec<Finding> {
    let right = digest::of_digests(now) == seal.rows_hash && now.len() == seal.row_count as usize * ENTRY;
    let kept = seal.digests.as_deref().unwrap_or_default();
    match (right, digest::of_digests(kept) == seal.rows_hash) {
        (true, true) => vec![],
        (true, false) => vec![Finding::DigestsChanged { seal: seal.id }],
        (false, true) => differences(seal.id, &entries(kept), &entries(now)),
        (false, false) => vec![Finding::RowsChanged { seal: seal.id }],
    }
}

/// Rows by number.
type Entries<'a> = BTreeMap<u64, &'a [u8]>;

fn entries(digests: &[u8]) -> Entries<'_> {
    let read = digests.chunks_exact(ENTRY).filter_map(|entry| {
        let (seq, digest) = entry.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*seq), digest))
    });
    read.collect()
}

fn differences(seal: u64, kept: &Entries<'_>, now: &Entries<'_>) -> Vec<Finding> {
    let gone = kept.iter().filter_map(|(seq, digest)| match now.get(seq) {
        None => Some(Finding::RowMissing { seal, seq: *seq }),
        Some(other) if other != digest => Some(Finding::RowChanged { seal, seq: *seq }),
        Some(_) => None,
    });
    let added =
        now.keys().filter(|seq| !kept.contains_key(seq)).map(|seq| Finding::RowAdded { seal, seq: *seq });
    let found: Vec<_> = gone.chain(added).collect();
    // The seal itself was changed, not its rows.
    if found.is_empty() { vec![Finding::RowsChanged { seal }] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_a_number_and_a_hash() {
        let hash = "aB".repeat(32);
        let read = format!("12:{hash}").parse::<Anchor>().unwrap();
        assert_eq!(read, Anchor { seal: 12, hash: hash.to_lowercase() });
        for wrong in ["", "12", "x:ab", "12:ab", &format!("12:{}", "g".repeat(64))] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }
}
