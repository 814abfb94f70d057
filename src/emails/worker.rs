//! Empties the outbox: claims the mails that are due, sends them, notes what became of them.
//!
//! A claim is a short transaction that leases the rows; sending happens outside of it;
//! the outcome is written only while the lease is still ours. Any number of workers, in any number of
//! processes, share one outbox this way, and a worker that dies delays its mails without losing one.
//!
//! | outcome                                        | what follows                                          |
//! |------------------------------------------------|-------------------------------------------------------|
//! | accepted                                       | `SENT`                                                |
//! | network, 4xx, missing object, rendering, panic | again after a pause, 12 tries, then `DEAD`             |
//! | refused for good (5xx, impossible address)     | `DEAD` at once                                        |
//!
//! A dead mail rings the administrators' bell and never queues a mail: that one might die too.

mod dead;
mod prepare;
mod store;

use std::{sync::Arc, time::Duration};

use metrics::counter;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    render::{Brand, RenderError, Renderer},
    transport::{SendError, Sender, Transport},
};
use crate::{
    app::AppState,
    db::{lease::Queue, with_retry},
    events::Hint,
};
use store::Claimed;

pub use store::Outbox;

/// Pace of a worker.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSettings {
    /// How often the table is read when no hint comes.
    pub poll: Duration,
    /// Mails sent at the same time, at most. Each has its place until it is settled, and holds up no other.
    pub places: u32,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { poll: Duration::from_secs(5), places: 10 }
    }
}

/// Sends the mails of the outbox. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    state: AppState,
    transport: Transport,
    renderer: Arc<Renderer>,
    sender: Arc<Sender>,
    /// Right-hand side of the Message-IDs.
    domain: Arc<str>,
    settings: WorkerSettings,
}

impl Worker {
    /// A worker that sends by `transport` in the name the settings give.
    ///
    /// # Errors
    /// When a template does not compile or a base URL of the settings is no URL.
    pub fn new(state: AppState, transport: Transport) -> Result<Self, RenderError> {
        let mail = &state.config.mail;
        let domain =
            mail.from_email.rsplit('@').next().filter(|domain| !domain.is_empty()).unwrap_or("localhost");
        Ok(Self {
            renderer: Arc::new(Renderer::new(brand(&state))?),
            sender: Arc::new(sender(&state)),
            domain: domain.into(),
            settings: WorkerSettings::default(),
            transport,
            state,
        })
    }

    /// Changes the pace.
    #[must_use]
    pub fn with_settings(mut self, settings: WorkerSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Sends mails until `stop`, then finishes those under way.
    pub async fn run(self, stop: CancellationToken) {
        // Listening starts before the first look at the table: no mail falls in between.
        let mut hints = self.state.bus.subscribe();
        let mut sending = JoinSet::new();
        while !stop.is_cancelled() {
            forget_waiting(&mut hints);
            self.fill(&mut sending, &stop).await;
            if self.free(&mut sending) == 0 {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = sending.join_next() => {}
                }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = outbox_hint(&mut hints) => {}
                () = tokio::time::sleep(self.settings.poll) => {}
            }
        }
        sending.join_all().await;
    }

    /// Processes every mail that is due now, once, and answers how many there were.
    ///
    /// A mail that fails is due later, so this ends. A database failure ends it early, with a log line.
    pub async fn drain(&self) -> usize {
        let (mut sending, stop) = (JoinSet::new(), CancellationToken::new());
        let mut processed = self.fill(&mut sending, &stop).await;
        while sending.join_next().await.is_some() {
            processed += self.fill(&mut sending, &stop).await;
        }
        processed
    }

    /// Begins to send what is due, as far as there are free places; answers how many mails that were.
    async fn fill(&self, sending: &mut JoinSet<()>, stop: &CancellationToken) -> usize {
        let mut begun = 0;
        while !stop.is_cancelled() && self.free(sending) > 0 {
            let claimed = self.claim(self.free(sending)).await;
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::warn!(%error, "the outbox cannot be read");
                vec![]
            });
            if claimed.is_empty() {
                break;
            }
            begun += claimed.len();
            for mail in claimed {
                sending.spawn(self.clone().process(Arc::new(mail)));
            }
        }
        begun
    }

    /// Places nobody's mail takes.
    fn free(&self, sending: &mut JoinSet<()>) -> u32 {
        while sending.try_join_next().is_some() {}
        self.settings.places.saturating_sub(u32::try_from(sending.len()).unwrap_or(u32::MAX))
    }

    async fn claim(&self, limit: u32) -> Result<Vec<Claimed>, sqlx::Error> {
        store::claim(&self.state.db, self.state.clock.now(), limit).await
    }

    /// Sends a mail and notes what became of it.
    async fn process(self, mail: Arc<Claimed>) {
        // A task of its own, so that a panic ends this mail's try and nothing else.
        let task = tokio::spawn({
            let (worker, mail) = (self.clone(), mail.clone());
            async move { worker.deliver(&mail).await }
        });
        let outcome =
            task.await.unwrap_or_else(|_| Err(SendError::Transient("the program failed".to_owned())));
        self.settle(&mail, outcome).await;
    }

    async fn deliver(&self, mail: &Claimed) -> Result<(), SendError> {
        if mail.lease.attempts > Outbox::TRIES {
            // The worker died in the midst of every earlier try.
            return Err(SendError::Transient("given up: no try came to its end".to_owned()));
        }
        let whole = async {
            let outgoing = prepare::prepare(&self.state, &self.renderer, &self.domain, mail).await?;
            self.transport.send(&self.sender, &outgoing, self.state.clock.now()).await
        };
        // The lease bounds what no other limit bounds, such as a file system that does not answer.
        let overdue = |_| Err(SendError::Transient("not done when the lease ended".to_owned()));
        let lease = Outbox::LEASE.to_std().unwrap_or_default();
        tokio::time::timeout(lease, whole).await.unwrap_or_else(overdue)
    }

    /// Notes the outcome. When even that fails the lease runs out and the mail is tried again,
    /// under the same Message-ID.
    async fn settle(&self, mail: &Claimed, outcome: Result<(), SendError>) {
        let settled = match &outcome {
            Ok(()) => with_retry(|| self.note_sent(mail)).await,
            Err(SendError::Transient(reason)) if mail.lease.attempts < Outbox::TRIES => {
                with_retry(|| self.note_later(mail, reason)).await
            }
            Err(error) => with_retry(|| dead::bury(&self.state, mail, error)).await.map(|()| "dead"),
        };
        match settled {
            Ok(became) => {
                counter!("mails_total", "outcome" => became, "template" => mail.template.clone())
                    .increment(1);
                let reason = outcome.err().map(|error| error.to_string());
                let attempt = mail.lease.attempts;
                tracing::info!(mail = %mail.lease.id, template = mail.template, attempt, became, reason, "mail");
            }
            Err(error) => {
                tracing::warn!(mail = %mail.lease.id, %error, "what became of a mail cannot be noted")
            }
        }
    }

    async fn note_sent(&self, mail: &Claimed) -> Result<&'static str, sqlx::Error> {
        let mut conn = self.state.db.conn().await?;
        store::settle_sent(&mut conn, mail, self.state.clock.now()).await?;
        Ok("sent")
    }

    async fn note_later(&self, mail: &Claimed, reason: &str) -> Result<&'static str, sqlx::Error> {
        let now = self.state.clock.now();
        let mut conn = self.state.db.conn().await?;
        mail.lease.fail(&mut conn, now, reason).await?;
        Ok("delayed")
    }
}

/// Who the mails of a server come from, as readers see it.
pub fn brand(state: &AppState) -> Brand {
    Brand {
        name: state.config.mail.from_name.clone(),
        site_url: state.config.app_url.clone(),
        api_url: Some(state.config.api_url.clone()),
        support_email: state.config.mail.support_email.clone(),
    }
}

/// Who signs the mails of a server.
pub fn sender(state: &AppState) -> Sender {
    let mail = &state.config.mail;
    Sender {
        from_name: mail.from_name.clone(),
        from_email: mail.from_email.clone(),
        reply_to: (mail.support_email != mail.from_email).then(|| mail.support_email.clone()),
    }
}

/// Drops the hints that have piled up: the look at the table that follows covers them all.
fn forget_waiting(hints: &mut broadcast::Receiver<Hint>) {
    *hints = hints.resubscribe();
}

async fn outbox_hint(hints: &mut broadcast::Receiver<Hint>) {
    loop {
        match hints.recv().await {
            Ok(Hint::Outbox) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            // The bus outlives its subscribers; without it the poll remains.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
