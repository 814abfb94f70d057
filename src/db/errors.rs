//! What a database error means, where sqlx leaves it to the reader of the message.

use sqlx::Error;
use sqlx::mysql::MySqlDatabaseError;

/// `ER_DUP_ENTRY`: a UNIQUE or PRIMARY key refused the row.
const DUPLICATE_ENTRY: u16 = 1062;

/// `ER_ROW_IS_REFERENCED_2`: a foreign key leads to the row.
const ROW_IS_REFERENCED: u16 = 1451;

/// Numbers of errors that say "not now" rather than "never", of MySQL, MariaDB and its clusters.
const UNAVAILABLE: [u16; 34] = [
    // No room: disk full, table full, too many connections, of one user, host blocked, the user's hourly allowance.
    1021, 1114, 1040, 1203, 1129,
    1226, // No connection: refused for want of threads, lost, cut, timed out.
    1135, 1152, 1158, 1159, 1160, 1161, 1184, 2002, 2003, 2006, 2013,
    // Going or coming: shutdown in progress, done, forced; server not available (MySQL); cluster node not ready.
    1053, 1077, 1079, 1080, 3168, 1047, // Read-only during a fail-over.
    1290,
    1836, // Somebody ended it: query or session killed (MySQL, MariaDB), session idle for too long.
    1317, 1927, 3169, 4031, // Too slow: statement timeouts (MySQL, MariaDB).
    3024, 1969,
    // Lost a fight over locks, three times: waited too long, deadlock, row changed since it was read (MariaDB).
    1205, 1213, 1020,
];

/// True when `err` is the refusal of a duplicate by the UNIQUE key called `key`.
///
/// The servers name the key only in the text, and differently: `'users_email_key'` on MariaDB,
/// `'users.users_email_key'` on MySQL 8.0.19 and later. The duplicate value stands in the same text, so only its
/// end is read.
pub fn violates(err: &Error, key: &str) -> bool {
    server_error(err).is_some_and(|e| e.number() == DUPLICATE_ENTRY && names_key(e.message(), key))
}

/// True when `err` is the refusal to remove a row that others lead to.
pub fn is_referenced(err: &Error) -> bool {
    number(err) == Some(ROW_IS_REFERENCED)
}

/// True when the database cannot serve now but may soon: worth a 503 and another try, not an alarm about our code.
pub fn is_unavailable(err: &Error) -> bool {
    match err {
        Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed
        | Error::Io(_)
        | Error::Tls(_) => true,
        other => number(other).is_some_and(|number| UNAVAILABLE.contains(&number)),
    }
}

/// The server's number of the error, when the server sent it.
pub(super) fn number(err: &Error) -> Option<u16> {
    server_error(err).map(MySqlDatabaseError::number)
}

fn server_error(err: &Error) -> Option<&MySqlDatabaseError> {
    err.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()
}

/// Does a message like `Duplicate entry 'x' for key 'users.email'` end with this key?
fn names_key(message: &str, key: &str) -> bool {
    let quoted = message.trim_end().strip_suffix('\'').and_then(|m| m.strip_suffix(key));
    quoted.is_some_and(|before| before.ends_with('\'') || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_in_the_texts_of_both_servers() {
        assert!(names_key("Duplicate entry 'a@b.fr' for key 'email'", "email"));
        assert!(names_key("Duplicate entry 'a@b.fr' for key 'users.email'", "email"));
        assert!(names_key("Duplicate entry 'a@b.fr' for key 'users.users_email_key'", "users_email_key"));
        assert!(names_key("Duplicate entry '1' for key 'PRIMARY'", "PRIMARY"));
    }

    #[test]
    fn another_key_or_the_value_itself_does_not_count() {
        assert!(!names_key("Duplicate entry 'a@b.fr' for key 'users.contact_email'", "email"));
        assert!(!names_key("Duplicate entry 'email' for key 'numero'", "email"));
        assert!(!names_key("Duplicate entry 'x' for key 'users_email_key'", "email"));
        assert!(!names_key("", "email"));
    }

    #[test]
    fn errors_of_the_pool_and_the_wire_mean_unavailable() {
        assert!(is_unavailable(&Error::PoolTimedOut));
        assert!(is_unavailable(&Error::PoolClosed));
        assert!(is_unavailable(&Error::Io(std::io::ErrorKind::ConnectionReset.into())));
        assert!(!is_unavailable(&Error::RowNotFound));
    }
}
