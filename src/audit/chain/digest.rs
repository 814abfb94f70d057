//! What of a row and of a seal is hashed, and how: every field with its length, so that no two rows are written alike.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::store::{Row, Seal};

/// What the first seal quotes as the hash of the one before.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Bytes that a seal keeps of a row: its number and its digest.
pub(super) const ENTRY: usize = 40;

/// A hash being fed.
struct Writer(Sha256);

impl Writer {
    fn new(what: &str) -> Self {
        Self(Sha256::new()).text(what)
    }

    fn number(mut self, number: u64) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    fn optional(mut self, text: Option<&str>) -> Self {
        self.0.update([u8::from(text.is_some())]);
        match text {
            Some(text) => self.text(text),
            None => self,
        }
    }

    fn instant(self, at: DateTime<Utc>) -> Self {
        self.number(at.timestamp_millis().cast_unsigned())
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The digest of a row, as it stands in the table.
fn of_row(row: &Row) -> [u8; 32] {
    Writer::new("staka audit row 1")
        .bytes(row.id.as_bytes())
        .number(row.seq)
        .instant(row.timestamp)
        .text(&row.actor_email)
        .text(&row.action)
        .text(&row.target_type)
        .optional(row.target_id.as_deref())
        .optional(row.details.as_deref())
        .optional(row.ip_address.as_deref())
        .optional(row.user_agent.as_deref())
        .text(&row.severity)
        .instant(row.created_at)
        .finish()
}

/// Number and digest of every row, in the order of the numbers.
pub(super) fn of_rows(rows: &[Row]) -> Vec<u8> {
    let mut digests = Vec::with_capacity(rows.len() * ENTRY);
    for row in rows {
        digests.extend(row.seq.to_be_bytes());
        digests.extend(of_row(row));
    }
    digests
}

/// The digest of the digests.
pub(super) fn of_digests(digests: &[u8]) -> String {
    hex::encode(Writer::new("staka audit rows 1").bytes(digests).finish())
}

/// The hash of a seal, which the next one quotes.
pub(super) fn of_seal(seal: &Seal) -> String {
    let hash = Writer::new("staka audit seal 1")
        .number(seal.id)
        .number(seal.first_seq)
        .number(seal.last_seq)
        .number(seal.row_count.into())
        .text(&seal.rows_hash)
        .text(&seal.previous_hash)
        .instant(seal.newest_at)
        .instant(seal.sealed_at);
    hex::encode(hash.finish())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row() -> Row {
        Row {
            id: Uuid::from_u128(7),
            seq: 3,
            timestamp: DateTime::UNIX_EPOCH,
            actor_email: "a@example.com".into(),
            action: "LOGIN_SUCCESS".into(),
            target_type: "auth".into(),
            target_id: None,
            details: Some("{}".into()),
            ip_address: None,
            user_agent: None,
            severity: "LOW".into(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn any_field_changes_the_digest() {
        let changes: [fn(&mut Row); 14] = [
            |row| row.id = Uuid::from_u128(8),
            |row| row.seq = 4,
            |row| row.timestamp += chrono::TimeDelta::milliseconds(1),
            |row| row.actor_email.push('x'),
            |row| row.action.push('x'),
            |row| row.target_type = "user".into(),
            |row| row.target_id = Some(String::new()),
            |row| row.details = None,
            |row| row.details = Some("{ }".into()),
            |row| row.ip_address = Some("{}".into()),
            |row| row.user_agent = Some("x".into()),
            |row| row.severity = "HIGH".into(),
            |row| row.created_at += chrono::TimeDelta::milliseconds(1),
            // What leaves one field and enters the next.
            |row| {
                row.actor_email = "a@example.comL".into();
                row.action = "OGIN_SUCCESS".into();
            },
        ];
        let mut digests: Vec<_> = changes
            .iter()
            .map(|change| {
                let mut changed = row();
                change(&mut changed);
                of_row(&changed)
            })
            .collect();
        digests.push(of_row(&row()));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), changes.len() + 1);
    }
}
