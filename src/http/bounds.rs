//! What all clients together, and one of them alone, may hold of the server at a time.

use std::time::Duration;

/// How much of everything. Those without a variable are settled here for every server.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Requests served at the same time (`MAX_IN_FLIGHT`).
    pub requests: usize,
    /// Requests for health and metrics served at the same time, beside the others.
    pub probes: usize,
    /// Forms with files received at the same time (`MAX_UPLOADS`), beside the others.
    pub uploads: usize,
    /// Of these, by one user or address.
    pub uploads_each: usize,
    /// The least an upload brings in any [`Self::upload_pace`], in bytes.
    pub upload_step: u64,
    /// Longest time one step of an upload may take.
    pub upload_pace: Duration,
    /// Longest time the body of a request that is no upload may take to arrive.
    pub body_time: Duration,
    /// Memory for such bodies while they arrive, in bytes.
    pub body_memory: usize,
    /// Of this, for one user or address.
    pub body_memory_each: usize,
    /// Open streams of notifications.
    pub streams: usize,
    /// Of these, of one user.
    pub streams_each: usize,
    /// How often an open stream proves that it is still there, and that it may be.
    pub stream_heartbeat: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            requests: 512,
            probes: 16,
            uploads: 64,
            uploads_each: 4,
            upload_step: 16 * 1024,
            upload_pace: Duration::from_secs(30),
            body_time: Duration::from_secs(10),
            body_memory: 32 << 20,
            body_memory_each: 8 << 20,
            streams: 10_000,
            streams_each: 5,
            stream_heartbeat: Duration::from_secs(25),
        }
    }
}
