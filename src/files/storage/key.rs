//! The names of objects.

use chrono::{DateTime, Datelike, Utc};
use uuid::Uuid;

use super::StorageError;
use crate::clock;

/// The longest key the database column holds.
const MAX_KEY: usize = 255;

/// What an object is kept for: the first segment of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Files of a project, from the client or the corrector.
    Projects,
    /// Manuscripts sent with an order.
    Orders,
    /// Attachments of messages.
    Messages,
    /// Rendered invoices.
    Invoices,
    /// Personal data exports.
    Exports,
}

impl Kind {
    /// Whether an object is kept for this: its key begins with it.
    pub fn names(self, key: &str) -> bool {
        key.split('/').next() == Some(self.segment())
    }

    /// The key of an imported object, which its row alone decides.
    pub fn imported(self, extension: &str, made: DateTime<Utc>, id: Uuid) -> String {
        format!("{}/{:04}/{:02}/{id}.{extension}", self.segment(), made.year(), made.month())
    }

    fn segment(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Orders => "orders",
            Self::Messages => "messages",
            Self::Invoices => "invoices",
            Self::Exports => "exports",
        }
    }
}

/// A new key: `<kind>/<yyyy>/<mm>/<uuid>.<ext>`, in UTC.
pub(super) fn generate(kind: Kind, extension: &str, now: DateTime<Utc>) -> Result<String, StorageError> {
    let key =
        format!("{}/{:04}/{:02}/{}.{extension}", kind.segment(), now.year(), now.month(), clock::new_id());
    validate(&key).map(|()| key)
}

/// When an object was made, read from a key that [`generate`] made; nothing of an imported one.
pub(super) fn made_at(key: &str) -> Option<DateTime<Utc>> {
    let (_, name) = key.rsplit_once('/')?;
    let id = Uuid::try_parse(name.split('.').next()?).ok()?;
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// Accepts our own keys and those of imported rows: segments of `[A-Za-z0-9._-]` that lead nowhere else.
pub(super) fn validate(key: &str) -> Result<(), StorageError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let segment_ok = |segment: &str| {
        !segment.is_empty() && !segment.contains("..") && segment != "." && segment.chars().all(allowed)
    };
    let valid = key.len() <= MAX_KEY && !key.starts_with("tmp/") && key.split('/').all(segment_ok);
    valid.then_some(()).ok_or(StorageError::InvalidKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_the_kind_and_the_month() {
        let now = "2026-03-09T23:59:59Z".parse().unwrap();
        let key = generate(Kind::Orders, "docx", now).unwrap();
        assert!(key.starts_with("orders/2026/03/"), "{key}");
        assert!(key.ends_with(".docx"));
        assert!(matches!(generate(Kind::Orders, "../x", now), Err(StorageError::InvalidKey)));
    }

    #[test]
    fn a_key_tells_when_it_was_made() {
        let before = clock::Clock::system().now();
        let key = generate(Kind::Invoices, "pdf", before).unwrap();
        assert!(made_at(&key).unwrap() >= before);
        for imported in [
            "orders/Mon_roman_1700000000000-123.docx",
            "a.b-c_d",
            "x/67e55044-10b1-426f-9247-bb680e5fe0c8.pdf",
        ] {
            assert_eq!(made_at(imported), None, "{imported}");
        }
    }

    #[test]
    fn imported_keys_are_accepted_and_escapes_are_not() {
        for key in ["orders/Mon_roman_1700000000000-123.docx", "messages/a-1.pdf", "a.b-c_d"] {
            assert!(validate(key).is_ok(), "{key}");
        }
        let long = "a".repeat(256);
        for key in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "a/./b",
            "a\\b",
            "a\0b",
            "é.pdf",
            "tmp/x.part",
            "orders/a..b",
            &long,
        ] {
            assert!(validate(key).is_err(), "{key}");
        }
    }
}
