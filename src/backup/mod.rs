//! One archive that holds everything: the rows of the database as they were at one instant, and the documents.
//!
//! A `.tar.gz`, read and written in one go, so that neither end needs room for more than a part of it:
//!
//! ```text
//! backup.json               what made it, when, and which migrations the database had
//! tables/<table>/<n>.jsonl  rows, one JSON array a line, columns in the order of columns.json
//! tables/<table>/columns.json
//! files/<key>               a document, under its key of the storage
//! end.json                  how many of each, and their sums: an archive without it was cut off
//! ```
//!
//! Rows travel as text, so that an archive of MySQL can be restored into MariaDB and the other way round.

mod archive;
mod making;
mod restoring;
mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use making::{Progress, make};
pub use restoring::{check, restore};

/// Archives of another form are not read.
const FORMAT: u32 = 1;

const HEAD: &str = "backup.json";
const END: &str = "end.json";
const TABLES: &str = "tables/";
const FILES: &str = "files/";
const COLUMNS: &str = "columns.json";

/// What an archive begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// [`FORMAT`] of the program that made it.
    format: u32,
    /// Version of that program.
    pub program: String,
    /// The instant whose rows it holds.
    pub made_at: DateTime<Utc>,
    /// Versions of the migrations the database had.
    migrations: Vec<i64>,
}

/// What an archive ends with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Sums of money, in cents, by what they are of.
    pub sums: BTreeMap<String, i64>,
    /// Documents.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Totals {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().sum()
    }
}
