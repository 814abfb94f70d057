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
    /// Objects wait to be removed from the storage.
    Deletions,
    /// This user has new notifications.
    Notifications(Uuid),
}

/// In-process broadcast of [`Hint`]s.
#[derive(Clone)]
pub struct Bus(broadcast::Sender<Hint>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Bus {
    /// Sends a hint to whoever listens now.
    pub fn send(&self, hint: Hint) {
        // Nobody listening is no loss: the tables are polled too.
        let _ = self.0.send(hint);
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.0.subscribe()
    }
}
