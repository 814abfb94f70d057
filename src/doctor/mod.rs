//! Whether a server of these settings would serve, and serve safely: what an operator asks before the first start, after
//! a change, and at three in the morning.
//!
//! | room          | what it looks at                                         |
//! |---------------|----------------------------------------------------------|
//! | [`settings`]  | what the settings say, without asking anybody            |
//! | [`database`]  | the database: reachable, migrated, durable, its clock    |
//! | [`outside`]   | mail, documents, the way in through the proxy            |
//! | [`legal`]     | what the law wants to be true of the seller              |

pub mod database;
pub mod legal;
pub mod outside;
pub mod settings;

use std::fmt;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Good,
    /// It works, and something should be known or done.
    Doubtful,
    /// It does not work, or must not be used like this.
    Bad,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub health: Health,
    /// What was looked at, in a word or two.
    pub what: &'static str,
    /// What was seen. Never a secret, never a personal datum.
    pub seen: String,
    /// What to do about it; nothing for what is good.
    pub advice: &'static str,
}

impl Finding {
    /// All is well.
    pub fn good(what: &'static str, seen: impl Into<String>) -> Self {
        Self { health: Health::Good, what, seen: seen.into(), advice: "" }
    }

    /// Something should be known or done.
    pub fn doubtful(what: &'static str, seen: impl Into<String>, advice: &'static str) -> Self {
        Self { health: Health::Doubtful, what, seen: seen.into(), advice }
    }

    /// Something must be done.
    pub fn bad(what: &'static str, seen: impl Into<String>, advice: &'static str) -> Self {
        Self { health: Health::Bad, what, seen: seen.into(), advice }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.health {
            Health::Good => "ok  ",
            Health::Doubtful => "note",
            Health::Bad => "BAD ",
        };
        write!(f, "{mark}  {}: {}", self.what, self.seen)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "\n      {}", self.advice) }
    }
}
