//! The settings servers under test run with.

use std::{path::Path, sync::OnceLock};

use chrono::{DateTime, TimeZone, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use staka::{
    config::{Config, Hashing, Vars},
    telemetry,
};

/// The secret that signs webhooks in tests.
pub const WEBHOOK_SECRET: &str = "whsec_test_secret_of_the_webhooks";

/// The secret that signs session tokens in tests.
pub const JWT_SECRET: &str = "a secret of tests, long enough to be accepted";

/// Where the team's mails go.
pub const TEAM: &str = "equipe@staka.test";

/// Hashes that cost next to nothing.
pub const LIGHT: Hashing = Hashing { memory_kib: 64, passes: 1 };

/// When a test begins.
pub fn start_of_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 10, 9, 0, 0).unwrap()
}

/// The settings of tests, with those of the test on top.
pub fn config(database_url: &str, files: &Path, settings: &[(&str, &str)]) -> Config {
    let config = Config::load(&Vars::from_iter(variables(database_url, files, settings))).unwrap();
    // The dear ones are tested where they are made.
    Config { hashing: LIGHT, ..config }
}

/// The same, as the variables of a process.
pub fn variables(database_url: &str, files: &Path, settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let erasures = super::scratch::beside(files);
    let base = [
        ("ERASURE_LOG", erasures.to_str().unwrap()),
        ("APP_ENV", "development"),
        ("DATABASE_URL", database_url),
        ("JWT_SECRET", JWT_SECRET),
        ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("FRONTEND_URL", "http://spa.test"),
        ("ADMIN_EMAIL", TEAM),
        ("UPLOADS_DIR", files.to_str().unwrap()),
        ("UPLOADS_RESERVE_MB", "0"),
        ("RATE_LIMIT_ENABLED", "false"),
    ];
    let given = base.iter().chain(settings);
    given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The recorder is one per process.
pub fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| telemetry::prometheus().unwrap()).clone()
}
