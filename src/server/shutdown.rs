//! The end of the program, in two stages.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use anyhow::anyhow;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The end of the program, in two stages, and the tasks that must see it. Clones share it.
///
/// The first stage stops accepting work and lets the running work finish; the second gives it up at once.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<Stages>);

#[derive(Debug, Default)]
struct Stages {
    stop: CancellationToken,
    abort: CancellationToken,
    tasks: TaskTracker,
    failure: OnceLock<String>,
}

impl Shutdown {
    /// A program that is not ending.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token that is cancelled when the program should end: streams and background tasks watch it.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stop.clone()
    }

    /// Whether the program is ending.
    pub fn is_stopping(&self) -> bool {
        self.0.stop.is_cancelled()
    }

    /// First stage: accept nothing new, finish what runs.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Second stage: give up what still runs.
    pub fn abort(&self) {
        self.0.stop.cancel();
        self.0.abort.cancel();
    }

    /// Ends the program because `reason`; the process then exits with an error.
    pub fn fail(&self, reason: impl Into<String>) {
        let reason = reason.into();
        tracing::error!(reason, "ending because of a failure");
        let _ = self.0.failure.set(reason);
        self.stop();
    }

    /// Runs a background task until the program ends. One that ends earlier, fails or panics ends the program.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let shutdown = self.clone();
        self.0.tasks.spawn(async move {
            let abort = shutdown.0.abort.clone();
            let outcome = tokio::select! {
                outcome = tokio::spawn(task) => outcome,
                () = abort.cancelled() => return,
            };
            match outcome {
                Ok(Ok(())) if shutdown.is_stopping() => {}
                Ok(Ok(())) => shutdown.fail(format!("task {name} ended early")),
                Ok(Err(error)) => shutdown.fail(format!("task {name} failed: {error:#}")),
                Err(error) => shutdown.fail(format!("task {name} crashed: {error}")),
            }
        });
    }

    /// Starts the shutdown on SIGTERM or SIGINT, and gives up at once on the second of them.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn on_signals(&self) -> anyhow::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            either(&mut term, &mut int).await;
            tracing::info!("shutting down: finishing the running requests");
            shutdown.stop();
            either(&mut term, &mut int).await;
            tracing::warn!("second signal: giving up what still runs");
            shutdown.abort();
        });
        Ok(())
    }

    /// Waits until the background tasks have ended.
    pub(super) async fn tasks_ended(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Waits for the first stage.
    pub(super) async fn stopped(&self) {
        self.0.stop.cancelled().await;
    }

    /// Waits for the second stage.
    pub(super) async fn aborted(&self) {
        self.0.abort.cancelled().await;
    }

    /// Why the program ends, when it is a failure.
    pub(super) fn result(&self) -> anyhow::Result<()> {
        self.0.failure.get().map_or(Ok(()), |reason| Err(anyhow!("{reason}")))
    }
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
