//! A row of the former database, read as text whatever its types have become.

use uuid::Uuid;

use super::{ids, target::Cell};

/// The values of some columns; an absent column reads as NULL.
pub(super) struct OldRow {
    pub(super) columns: &'static [&'static str],
    pub(super) values: Vec<Option<String>>,
}

impl OldRow {
    /// The text of a column.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| *name == column)?;
        self.values.get(at)?.as_deref()
    }

    /// The text, when there is more than blanks.
    pub(super) fn filled(&self, column: &str) -> Option<&str> {
        self.get(column).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text of the former id.
    pub(super) fn old_id(&self) -> &str {
        self.get("id").unwrap_or_default()
    }

    /// The id.
    pub(super) fn id(&self) -> Uuid {
        ids::of(self.old_id())
    }

    /// The id another row has.
    pub(super) fn link(&self, column: &str) -> Option<Uuid> {
        self.filled(column).map(ids::of)
    }

    /// A number.
    pub(super) fn int(&self, column: &str) -> Option<i64> {
        self.filled(column)?.parse().ok()
    }

    /// A yes or no.
    pub(super) fn yes(&self, column: &str) -> bool {
        self.int(column).is_some_and(|value| value != 0)
    }

    /// An instant, as the database writes it; none when it is the zero one.
    pub(super) fn instant(&self, column: &str) -> Option<&str> {
        self.filled(column).filter(|text| !text.starts_with("0000"))
    }

    /// The value as it is.
    pub(super) fn cell(&self, column: &str) -> Cell {
        self.get(column).into()
    }

    /// The text of a column that is never NULL.
    pub(super) fn text(&self, column: &str) -> Cell {
        Cell::Text(self.get(column).unwrap_or_default().to_owned())
    }

    /// The number, or NULL.
    pub(super) fn number(&self, column: &str) -> Cell {
        self.int(column).into()
    }

    /// An instant, or NULL.
    pub(super) fn at(&self, column: &str) -> Cell {
        self.instant(column).into()
    }

    /// The instant of making; of the epoch when nobody knows.
    pub(super) fn created(&self) -> Cell {
        Cell::Text(self.made().to_owned())
    }

    /// The same, as text.
    pub(super) fn made(&self) -> &str {
        self.instant("createdAt").or_else(|| self.instant("updatedAt")).unwrap_or("1970-01-01 00:00:01.000")
    }

    /// The instant of the last change.
    pub(super) fn updated(&self) -> Cell {
        Cell::Text(self.instant("updatedAt").unwrap_or_else(|| self.made()).to_owned())
    }

    /// The value when it is one of the known ones, else the first of them.
    pub(super) fn one_of(&self, column: &str, known: &[&str]) -> String {
        let value = self.filled(column).unwrap_or_default();
        let found = known.iter().find(|word| word.eq_ignore_ascii_case(value)).or_else(|| known.first());
        found.copied().unwrap_or_default().to_owned()
    }
}
