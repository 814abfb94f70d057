use std::sync::Arc;

use tokio::sync::broadcast;
use uuid::Uuid;

/// Hints that fit a slow subscriber before it lags; a lagging one reads the tables again.
const CAPACITY: usize = 256;

/// Something to look at in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Mails wait in the outbox.
    Outbox,
    /// An invoice waits to be rendered.
    Invoices,
    /// Exports of personal data wait to be made.
    Exports,
    /// Objects wait to be removed from the storage.
    Deletions,
    /// This user has new notifications.
    Notifications(Uuid),
}

/// In-process broadcast of [`Hint`]s.
#[derive(Clone)]
pub struct Bus {
    hints: broadcast::Sender<Hint>,
    /// Is told each hint at once.
    dispatch: Arc<dyn Fn(Hint) + Send + Sync>,
}

impl Default for Bus {
    fn default() -> Self {
        Self::dispatching(|_| {})
    }
}

impl Bus {
    /// Tells `dispatch` every hint too: for those who are too many to listen to all of them. It must not wait.
    pub fn dispatching(dispatch: impl Fn(Hint) + Send + Sync + 'static) -> Self {
        Self { hints: broadcast::Sender::new(CAPACITY), dispatch: Arc::new(dispatch) }
    }

    /// Sends a hint to whoever listens now.
    pub fn send(&self, hint: Hint) {
        (self.dispatch)(hint);
        // Nobody listening is no loss: the tables are polled too.
        let _ = self.hints.send(hint);
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }
}
