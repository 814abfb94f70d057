//! A client that does nothing wrong.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::load::{Client, get};

/// Between two questions of one kind.
const PAUSE: Duration = Duration::from_millis(100);

/// Longer than this is no answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks in the background: reads over a connection that stays, as a proxy does, and health over a new one each time.
pub struct Good {
    reads: Tally,
    health: Tally,
    fresh_reads: Tally,
    failed: bool,
}

/// What became of one kind of question.
#[derive(Clone, Default)]
struct Tally(Arc<Mutex<Counts>>);

#[derive(Clone, Default)]
struct Counts {
    answered: u32,
    refused: u32,
    worst: Duration,
}

impl Good {
    pub async fn start(server: SocketAddr) -> anyhow::Result<Self> {
        let good = Self {
            reads: Tally::default(),
            health: Tally::default(),
            fresh_reads: Tally::default(),
            failed: false,
        };
        let kept = Client::connect(server).await?;
        tokio::spawn(good.reads.clone().over_one_connection(kept, server));
        tokio::spawn(good.health.clone().over_new_connections("/health/live", server));
        tokio::spawn(good.fresh_reads.clone().over_new_connections("/api/tarifs", server));
        Ok(good)
    }

    /// What happened since the last call.
    pub fn take(&mut self) -> String {
        let (reads, health, fresh) = (self.reads.take(), self.health.take(), self.fresh_reads.take());
        self.failed |= reads.refused + health.refused > 0 || reads.answered.min(health.answered) == 0;
        format!("reads {reads}, health {health}, reads over new connections {fresh}")
    }

    /// Whether every read over the kept connection and every question about health was answered.
    pub fn all_answered(&self) -> bool {
        !self.failed
    }
}

impl Tally {
    async fn over_one_connection(self, mut client: Client, server: SocketAddr) {
        let request = get("/api/tarifs", &[]);
        loop {
            if !self.ask(&mut client, &request).await
                && let Ok(other) = Client::connect(server).await
            {
                client = other;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn over_new_connections(self, path: &'static str, server: SocketAddr) {
        let request = get(path, &[("connection", "close")]);
        loop {
            match Client::connect(server).await {
                Ok(mut client) => drop(self.ask(&mut client, &request).await),
                Err(_) => self.note(false, Duration::ZERO),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn ask(&self, client: &mut Client, request: &[u8]) -> bool {
        let start = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, client.send(request)).await;
        let answered = matches!(answer, Ok(Ok(answer)) if answer.status == 200);
        self.note(answered, start.elapsed());
        answered
    }

    fn note(&self, answered: bool, time: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match answered {
            true => counts.answered += 1,
            false => counts.refused += 1,
        }
        counts.worst = counts.worst.max(time);
    }

    fn take(&self) -> Counts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} (worst {} ms)", self.answered, self.answered + self.refused, self.worst.as_millis())
    }
}
