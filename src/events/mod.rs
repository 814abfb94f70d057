//! What happened, told once: an event becomes notification and mail rows in the transaction that
//! caused it, and wakes the workers after the commit. The tables carry the truth, the bus only hints.

mod bus;
mod event;

use std::ops::{Deref, DerefMut};

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
