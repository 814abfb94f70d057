//! Invoices: the document a person reads and a ledger imports.

pub mod document;
