//! The register: every column of every table, and for each that may hold personal data what it holds, whose it is,
//! what an erasure does with it and under which name an export shows it.
//!
//! A test compares it with the migrated database, so that no column can be added without an answer to these questions.
//! Two more tests hold an erasure and an export to what it says.

mod tables;

pub use tables::TABLES;

/// How the person of a row is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This column is the id of their account.
    Account(&'static str),
    /// This column is their address: a visitor, or an account with that address.
    Address(&'static str),
    /// This column leads to a row that is theirs.
    Through(&'static str),
    /// The texts of the row name them.
    Named,
}

/// What an erasure does with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// Emptied.
    Emptied,
    /// Something that says nothing takes its place.
    Replaced(&'static str),
    /// The whole row is removed, and the object it points to.
    Removed,
    /// The whole row is removed, but not before the reason is past.
    RemovedLater(&'static str),
    /// Stays; the reason says which duty or right it is kept for.
    Kept(&'static str),
}

/// A column that may hold personal data.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Name of the column.
    pub column: &'static str,
    /// What it holds.
    pub holds: &'static str,
    /// What an erasure does with it.
    pub erasure: Erasure,
    /// The key of the table's section in an export that shows it; `None` with nothing to show.
    pub exported: Option<&'static str>,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Name of the table.
    pub name: &'static str,
    /// How the person of a row is known.
    pub whose: &'static [Whose],
    /// The section of an export that shows its rows.
    pub section: Option<&'static str>,
    /// The columns that may hold personal data.
    pub held: &'static [Held],
    /// All others, separated by spaces.
    pub impersonal: &'static str,
}

impl Table {
    /// The columns that hold nothing about anybody.
    pub fn impersonal(&self) -> impl Iterator<Item = &'static str> {
        self.impersonal.split_whitespace()
    }
}

/// The tables that development makes for itself and production never has, with what they hold of the made-up people of
/// a workstation. No erasure looks there: the mailbox is emptied by its own button, the rest goes with the database.
pub const DEVELOPMENT: &[(&str, &str)] = &[
    ("dev_mailbox", "mails that would have been sent"),
    ("dev_mailbox_attachments", "their attachments"),
    ("dev_stripe_sessions", "payment pages of the simulated Stripe"),
    ("dev_stripe_customers", "customers of the simulated Stripe"),
    ("dev_stripe_cards", "cards they keep there"),
    ("dev_stripe_events", "webhooks of the simulated Stripe"),
    ("dev_stripe_catalogue", "products and prices of the simulated Stripe"),
    ("dev_stripe_answers", "answers of the simulated Stripe, by idempotency key"),
];

/// A table that is about nobody.
const fn impersonal(name: &'static str, columns: &'static str) -> Table {
    Table { name, whose: &[], section: None, held: &[], impersonal: columns }
}

/// A line of the register whose value an export shows.
const fn shown(column: &'static str, holds: &'static str, erasure: Erasure, key: &'static str) -> Held {
    Held { column, holds, erasure, exported: Some(key) }
}

/// A line of the register whose value no export shows.
const fn hidden(column: &'static str, holds: &'static str, erasure: Erasure) -> Held {
    Held { column, holds, erasure, exported: None }
}
