//! What happened, told once: a happening becomes notification and mail rows in the transaction that
//! caused it, and wakes the workers after the commit. The tables carry the truth, the bus only hints.
//!
//! This folder knows no domain. A happening is a struct in the `told.rs` of its domain and a line in
//! `happenings.rs`; [`Listener`]s, given when the program is put together, write what is told.

mod bus;
mod happening;
mod record;
mod tx;

use sha2::{Digest, Sha256};

pub use bus::{Bus, Hint};
pub use happening::{
    Bell, BellKind, BellPriority, Category, Happening, Letter, Listed, Person, StoredAttachment, Telling,
    Whom,
};
pub use record::{Directory, Heard, Listener, Told, record};
pub use tx::{Recorder, Tx};

/// Longest key the tables hold, in bytes.
const KEY_MAX: usize = 191;

/// A key as the tables can hold it: one that is too long, or not ASCII, becomes its digest. A
/// notification must never be the reason why a payment is rolled back.
pub(crate) fn dedupe_key(key: &str) -> String {
    if key.is_ascii() && key.len() <= KEY_MAX {
        return key.to_owned();
    }
    format!("sha256:{}", hex::encode(Sha256::digest(key)))
}

#[cfg(test)]
mod tests {
    use super::dedupe_key;

    #[test]
    fn every_key_fits_its_column() {
        assert_eq!(dedupe_key("paid:pi_123"), "paid:pi_123");
        for key in ["é".to_owned(), "a".repeat(192)] {
            let fitted = dedupe_key(&key);
            assert!(fitted.is_ascii() && fitted.len() <= 191, "{fitted}");
        }
        assert_ne!(dedupe_key("é"), dedupe_key("è"));
    }
}
