//! What the examples of mails are made of. Previews show them and tests render them.

use chrono::{DateTime, TimeZone, Utc};

/// A context that can show what it looks like.
pub trait Sampled: Sized {
    /// At least one realistic example.
    fn samples() -> Vec<Self>;
}

/// Apostrophes, markup, template syntax, emoji and non-latin letters: all of it must come out as typed.
pub(super) const NASTY_TITLE: &str = "L'été d'Élise & <b>Noé</b> : « {{mystère}} » 📚 Ω";
pub(super) const TOKEN: &str = "q3Jv9xYdWmT0c1aZ7LrKfUuE5nHb2sPo4iGyXtRkVeA";
pub(super) const REFERENCE: &str = "7F3K-92QD";
pub(super) const COMMANDE: &str = "7b0f3c0e-2a51-4c39-9e5d-0d6a4f1c8b72";

pub(super) fn at(month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, month, day, hour, minute, 0).single().unwrap_or_default()
}

pub(super) fn long_title() -> String {
    "Chroniques d'une bibliothécaire de province, ".repeat(5) + "tome premier"
}

pub(super) fn s(text: &str) -> String {
    text.to_owned()
}
