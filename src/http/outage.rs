//! Which failures are outages (503, worth another try) and which are defects (500).

use std::io::{self, ErrorKind};

use crate::db::is_unavailable;

/// Something outside of the program that is away for the moment.
#[derive(Debug, PartialEq)]
pub(super) enum Outage {
    Database,
    Storage,
}

/// The outage behind an error, if any of its causes is one.
pub(super) fn find(error: &anyhow::Error) -> Option<Outage> {
    error.chain().find_map(|cause| {
        if let Some(cause) = cause.downcast_ref::<sqlx::Error>() {
            is_unavailable(cause).then_some(Outage::Database)
        } else {
            cause.downcast_ref::<io::Error>().filter(|cause| is_full(cause)).map(|_| Outage::Storage)
        }
    })
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}
