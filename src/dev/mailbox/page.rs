//! The page of the mailbox: static, its script reads the JSON list.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

const SHELL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/dev/mailbox.html"));
const SCRIPT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/dev/mailbox.js"));

/// The page, script included.
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| SHELL.replace("{{script}}", SCRIPT));

/// What the page may do. Only our script runs; the frame of a mail inherits this, so a mail may
/// style itself and show images, nothing more.
pub(super) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src 'self' data: http: https:; \
         connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});
