//! The pages that people see, in a browser: `cargo test --test browser`, or `make browser-test`. It needs Chromium.
//!
//! To add a page: a line in [`pages::people`].

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and plays the outside world"
)]

#[allow(dead_code, unused_imports, reason = "a harness offers more than today's tests take")]
#[path = "../support/mod.rs"]
mod support;

mod chromium;
mod mails;
mod pages;
