//! Work that comes back by itself. A slice adds its own in its `jobs.rs`, one line each:
//!
//! ```ignore
//! scheduler.add("pending_orders", HOURLY, async |state| purge::abandoned(&state).await);
//! ```
//!
//! where the work answers how much it did.
//! A run holds the database's named lock `staka.job.<name>`, so that of several servers one does the
//! work; it may be cut off at any point, hence must be safe to begin again.

mod batches;
pub mod told;

use std::{
    any::Any,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use metrics::histogram;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    app::AppState,
    clock::random_bytes,
    db::NamedLock,
    events::{self, Happening},
};

use told::{JobFails, JobWorksAgain};

pub use batches::{BATCH, in_batches};

/// Once a minute.
pub const MINUTELY: Duration = Duration::from_secs(60);
/// Once an hour.
pub const HOURLY: Duration = Duration::from_secs(3600);
/// Once a day.
pub const DAILY: Duration = Duration::from_secs(24 * 3600);

/// Failures in a row after which the administrators are told, once.
const WARN_AFTER: u32 = 5;

/// The first runs are spread over at most this long after the start.
const SPREAD: Duration = Duration::from_secs(60);

type Work = Arc<dyn Fn(AppState) -> Pin<Box<dyn Future<Output = anyhow::Result<u64>> + Send>> + Send + Sync>;

/// Work to repeat.
#[derive(Clone)]
pub struct Job {
    /// Stable name, at most 36 characters: of its lock, its metric and its log lines.
    pub name: &'static str,
    /// From the end of a run to the beginning of the next, give or take a tenth.
    pub every: Duration,
    run: Work,
    failures: Arc<AtomicU32>,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did this much, in units of its own.
    Done(u64),
    /// Another server is at it.
    Elsewhere,
    /// It returned an error or panicked; the log says which.
    Failed,
    /// No job has this name.
    Unknown,
}

/// The jobs of a server.
#[derive(Clone)]
pub struct Scheduler {
    state: AppState,
    jobs: Vec<Job>,
}

impl Scheduler {
    /// A scheduler without jobs.
    pub fn new(state: AppState) -> Self {
        Self { state, jobs: Vec::new() }
    }

    /// Adds a job.
    pub fn add<F, Fut>(&mut self, name: &'static str, every: Duration, run: F)
    where
        F: Fn(AppState) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<u64>> + Send + 'static,
    {
        let run: Work = Arc::new(move |state| Box::pin(run(state)));
        self.jobs.push(Job { name, every, run, failures: Arc::default() });
    }

    /// The jobs, in the order they were added.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Runs every job again and again until `stop`; runs under way are finished.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        for job in self.jobs {
            tasks.spawn(repeat(self.state.clone(), job, stop.clone()));
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Runs one job now, whatever its schedule.
    pub async fn run_now(&self, name: &str) -> Outcome {
        match self.jobs.iter().find(|job| job.name == name) {
            Some(job) => run_once(&self.state, job).await,
            None => Outcome::Unknown,
        }
    }
}

async fn repeat(state: AppState, job: Job, stop: CancellationToken) {
    let mut pause = job.every.min(SPREAD).mul_f64(random_share());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        run_once(&state, &job).await;
        pause = job.every.mul_f64(0.9 + random_share() / 5.0);
    }
}

async fn run_once(state: &AppState, job: &Job) -> Outcome {
    let started = Instant::now();
    let outcome = match run_alone(state, job).await {
        Ok(Some(done)) => Outcome::Done(done),
        Ok(None) => Outcome::Elsewhere,
        Err(error) => {
            tracing::error!(job = job.name, error = format!("{error:#}"), "a job failed");
            Outcome::Failed
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let (label, done) = match &outcome {
        Outcome::Done(done) => ("done", *done),
        Outcome::Failed => ("failed", 0),
        Outcome::Elsewhere | Outcome::Unknown => ("elsewhere", 0),
    };
    histogram!("job_duration_seconds", "job" => job.name, "outcome" => label).record(seconds);
    match done {
        // Every minute, all day: not worth a line.
        0 => tracing::debug!(job = job.name, outcome = label, seconds, "job"),
        _ => tracing::info!(job = job.name, outcome = label, done, seconds, "job"),
    }
    count_failures(state, job, &outcome).await;
    outcome
}

/// `None` when another server holds the lock.
async fn run_alone(state: &AppState, job: &Job) -> anyhow::Result<Option<u64>> {
    let Some(lock) = NamedLock::try_take(&state.db, &format!("staka.job.{}", job.name)).await? else {
        return Ok(None);
    };
    // A task of its own, so that a panic ends this run and nothing else.
    let outcome = tokio::spawn((job.run)(state.clone())).await;
    if let Err(error) = lock.release().await {
        tracing::warn!(job = job.name, %error, "the lock of a job went with its connection");
    }
    match outcome {
        Ok(done) => done.map(Some),
        Err(error) if error.is_panic() => {
            Err(anyhow::anyhow!("panicked: {}", panic_text(&*error.into_panic())))
        }
        Err(_) => Err(anyhow::anyhow!("cut off by the shutdown")),
    }
}

async fn count_failures(state: &AppState, job: &Job, outcome: &Outcome) {
    let told = match outcome {
        Outcome::Failed if job.failures.fetch_add(1, Ordering::Relaxed) + 1 == WARN_AFTER => {
            let day = state.clock.today_in_paris();
            tell(state, JobFails { job: job.name, failures: WARN_AFTER, day }).await
        }
        Outcome::Failed => Ok(()),
        Outcome::Done(_) if job.failures.swap(0, Ordering::Relaxed) >= WARN_AFTER => {
            tell(state, JobWorksAgain { job: job.name, at: state.clock.now() }).await
        }
        // What another server does says nothing of the failures of this one.
        Outcome::Done(_) | Outcome::Elsewhere | Outcome::Unknown => {
            job.failures.store(0, Ordering::Relaxed);
            Ok(())
        }
    };
    if let Err(error) = told {
        tracing::warn!(job = job.name, %error, "the administrators could not be told of a job");
    }
}

async fn tell(state: &AppState, news: impl Happening) -> Result<(), sqlx::Error> {
    let mut tx = state.begin().await?;
    events::record(&mut tx, news).await?;
    tx.commit().await
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Between 0 and 1.
fn random_share() -> f64 {
    f64::from(u16::from_le_bytes(random_bytes())) / f64::from(u16::MAX)
}
