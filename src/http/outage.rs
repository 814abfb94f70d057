//! Which failures are outages (503, worth another try) and which are defects (500).

use std::io::{self, ErrorKind};

use sqlx::mysql::MySqlDatabaseError;

/// Something outside of the program that is away for the moment.
#[derive(Debug, PartialEq)]
pub(super) enum Outage {
    Database,
    Storage,
}

/// MySQL and MariaDB error numbers that say "not now" rather than "never":
/// disk full, too many connections, shutting down, lock timeout, deadlock, user limit reached,
/// read-only server, statement timeout (MariaDB 1969, MySQL 3024), server gone or connection lost.
const TRANSIENT: [u16; 14] =
    [1021, 1040, 1053, 1129, 1203, 1205, 1213, 1226, 1290, 1836, 1969, 2006, 2013, 3024];

/// The outage behind an error, if any of its causes is one.
pub(super) fn find(error: &anyhow::Error) -> Option<Outage> {
    error.chain().find_map(|cause| {
        if let Some(cause) = cause.downcast_ref::<sqlx::Error>() {
            is_transient(cause).then_some(Outage::Database)
        } else {
            cause.downcast_ref::<io::Error>().filter(|cause| is_full(cause)).map(|_| Outage::Storage)
        }
    })
}

fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<MySqlDatabaseError>()
            .is_some_and(|error| TRANSIENT.contains(&error.number())),
        _ => false,
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem)
}
