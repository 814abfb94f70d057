//! Answers whose delay tells nothing.

use std::time::Duration;

/// The answer to a request comes this long after it, whatever was done meanwhile: its delay tells nothing of an address.
const ANSWER_AFTER: Duration = Duration::from_millis(200);

/// Runs `work` and answers no sooner than [`ANSWER_AFTER`].
pub(super) async fn unhurried<T>(work: impl Future<Output = T>) -> T {
    tokio::join!(work, tokio::time::sleep(ANSWER_AFTER)).0
}
