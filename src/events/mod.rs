//! What happened, told once: an event becomes notification and mail rows in the transaction that
//! caused it, and wakes the workers after the commit. The tables carry the truth, the bus only hints.

mod bus;
mod event;

use std::ops::{Deref, DerefMut};

use sha2::{Digest, Sha256};
use sqlx::MySqlConnection;
use uuid::Uuid;

pub use bus::{Bus, Hint};
pub use event::{AlertKind, Event, InvoiceRef, OrderRef};

use crate::{app::AppState, db, emails, notifications};

/// A transaction whose events become visible when it commits.
///
/// It dereferences to the connection, so that every store function takes it. Dropping it rolls back.
pub struct Tx {
    inner: db::Tx,
    state: AppState,
    hints: Vec<Hint>,
}

impl Tx {
    pub(crate) fn new(inner: db::Tx, state: AppState) -> Self {
        Self { inner, state, hints: Vec::new() }
    }

    /// Wakes `hint`'s subscribers once this transaction has committed.
    pub fn hint(&mut self, hint: Hint) {
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    /// Commits, then wakes those who wait for what was recorded.
    ///
    /// # Errors
    /// When the commit fails. A connection lost meanwhile leaves the outcome unknown: look it up.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await?;
        for hint in self.hints {
            self.state.bus.send(hint);
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.inner
    }
}

/// Records an event in the transaction that caused it: the bell notifications and the mails it
/// deserves. Recording the same event again (same key) changes nothing.
///
/// # Errors
/// When the database refuses, so that the cause is rolled back too.
pub async fn record(tx: &mut Tx, event: Event) -> Result<(), sqlx::Error> {
    let state = tx.state.clone();
    let recipient = match event.user_id() {
        Some(id) => emails::recipient(tx, id).await?,
        None => None,
    };
    let notified = notifications::listen(tx, &state, &event, recipient.as_ref()).await?;
    for user_id in notified {
        tx.hint(Hint::Notifications(user_id));
    }
    emails::listen(tx, &state, &event, recipient.as_ref()).await?;
    tx.hint(Hint::Outbox);
    Ok(())
}

/// Key of a thing that happened once to one subject.
pub(crate) fn key(what: &str, id: Uuid) -> String {
    format!("{what}:{id}")
}

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
