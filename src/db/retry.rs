//! Repeating a transaction that lost a fight over locks.

use chrono::TimeDelta;
use sqlx::Error;

use super::{Backoff, errors::number};

/// Attempts in all, the first one included.
const ATTEMPTS: u32 = 3;

/// A random part of a window that doubles, so that two losers do not meet again.
const PAUSES: Backoff = Backoff::new(TimeDelta::milliseconds(40), TimeDelta::milliseconds(80)).spread(75);

/// An error that can tell whether its transaction may simply be run again.
pub trait Retryable {
    /// True when the server gave up on a lock: deadlock (1213) or lock wait timeout (1205).
    /// Nothing of the transaction was committed then.
    fn is_deadlock(&self) -> bool;
}

impl Retryable for Error {
    fn is_deadlock(&self) -> bool {
        matches!(number(self), Some(1205 | 1213))
    }
}

/// Runs a whole transaction, up to three times while it ends in a deadlock or a lock timeout.
///
/// ```ignore
/// with_retry(|| async {
///     let mut tx = db.begin().await?;
///     // every read and write of the transaction
///     tx.commit().await
/// })
/// .await
/// ```
///
/// The closure must do everything again from the start: begin, read, decide, write, commit. Any other error ends it
/// at once. In particular a connection lost during `COMMIT` has an unknown outcome and is never retried here.
///
/// # Errors
/// The error of the last attempt.
pub async fn with_retry<T, E, F, Fut>(mut transaction: F) -> Result<T, E>
where
    E: Retryable,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(error) if error.is_deadlock() && attempt < ATTEMPTS => {
                tracing::debug!(attempt, "transaction lost a lock conflict, running it again");
                tokio::time::sleep(PAUSES.after(attempt).to_std().unwrap_or_default()).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Failure {
        deadlock: bool,
    }

    impl Retryable for Failure {
        fn is_deadlock(&self) -> bool {
            self.deadlock
        }
    }

    async fn attempts(failures: u32, deadlock: bool) -> (u32, Result<u32, Failure>) {
        let calls = Cell::new(0);
        let outcome = with_retry(|| async {
            calls.set(calls.get() + 1);
            if calls.get() <= failures { Err(Failure { deadlock }) } else { Ok(calls.get()) }
        })
        .await;
        (calls.get(), outcome)
    }

    #[tokio::test]
    async fn a_deadlock_is_retried_twice() {
        assert_eq!(attempts(2, true).await, (3, Ok(3)));
        assert_eq!(attempts(9, true).await, (3, Err(Failure { deadlock: true })));
    }

    #[tokio::test]
    async fn any_other_error_ends_it() {
        assert_eq!(attempts(1, false).await, (1, Err(Failure { deadlock: false })));
    }
}
