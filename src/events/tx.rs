//! The transaction that can record what happens in it.

use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Bus, Directory, Hint, Listener, Person};
use crate::{clock::Clock, db};

/// What recording needs, whatever is recorded. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Parts>);

pub(super) struct Parts {
    pub(super) clock: Clock,
    bus: Bus,
    pub(super) directory: Box<dyn Directory>,
    pub(super) listeners: Vec<Box<dyn Listener>>,
}

impl Recorder {
    /// A recorder whose happenings are told by `listeners`, in this order.
    pub fn new(
        clock: Clock,
        bus: Bus,
        directory: impl Directory + 'static,
        listeners: Vec<Box<dyn Listener>>,
    ) -> Self {
        Self(Arc::new(Parts { clock, bus, directory: Box::new(directory), listeners }))
    }

    /// Opens a transaction that can record.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self, db: &db::Db) -> Result<Tx, sqlx::Error> {
        Ok(Tx {
            inner: db.begin().await?,
            recorder: self.clone(),
            hints: Vec::new(),
            people: HashMap::new(),
            team: None,
        })
    }

    pub(super) fn parts(&self) -> Arc<Parts> {
        Arc::clone(&self.0)
    }
}

/// A transaction whose happenings become visible when it commits.
///
/// It dereferences to the connection, so that every store function takes it. Dropping it rolls back.
pub struct Tx {
    inner: db::Tx,
    pub(super) recorder: Recorder,
    hints: Vec<Hint>,
    /// Whoever was told something in this transaction, read once.
    people: HashMap<Uuid, Option<Person>>,
    team: Option<Arc<[Uuid]>>,
}

impl Tx {
    /// The current instant of the injected clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.recorder.0.clock.now()
    }

    /// Wakes `hint`'s subscribers once this transaction has committed.
    pub fn hint(&mut self, hint: Hint) {
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    /// The owner of an account, `None` when it is erased. Read once per transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn person(&mut self, id: Uuid) -> Result<Option<Person>, sqlx::Error> {
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        let parts = self.recorder.parts();
        let person = parts.directory.person(&mut self.inner, id).await?;
        self.people.insert(id, person.clone());
        Ok(person)
    }

    /// The active administrators. Read once per transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn team(&mut self) -> Result<Arc<[Uuid]>, sqlx::Error> {
        if let Some(team) = &self.team {
            return Ok(Arc::clone(team));
        }
        let parts = self.recorder.parts();
        let team: Arc<[Uuid]> = parts.directory.team(&mut self.inner).await?.into();
        self.team = Some(Arc::clone(&team));
        Ok(team)
    }

    /// Commits, then wakes those who wait for what was recorded.
    ///
    /// # Errors
    /// When the commit fails. A connection lost meanwhile leaves the outcome unknown: look it up.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await?;
        for hint in self.hints {
            self.recorder.0.bus.send(hint);
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
