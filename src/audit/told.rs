//! What the administrators hear of the audit log.

use chrono::{DateTime, Utc};

use super::{Act, Severity};
use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
};

/// An act rings at most once in this many seconds, whoever does it.
const WINDOW_SECONDS: i64 = 600;

/// The page of the audit log.
const LOG: &str = "/admin/audit-logs";

/// An act of high severity (bell) or critical severity (bell and mail) was recorded.
pub struct SensitiveAct {
    act: Act,
    alarm: &'static str,
    actor: String,
    window: i64,
}

impl SensitiveAct {
    /// What is told of an act, if anything is.
    pub(super) fn of(act: Act, actor: String, now: DateTime<Utc>) -> Option<Self> {
        let alarm = act.alarm.filter(|_| act.severity >= Severity::High)?;
        Some(Self { act, alarm, actor, window: now.timestamp().div_euclid(WINDOW_SECONDS) })
    }

    fn message(&self) -> String {
        format!(
            "{} ({}). Le journal d’audit en dit plus ; les actes semblables des dix minutes suivantes ne sont pas annoncés un par un.",
            self.alarm, self.actor
        )
    }
}

impl Happening for SensitiveAct {
    fn subject(&self) -> String {
        format!("{}:{}", self.act.name, self.window)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let bell = Bell::new(BellKind::Warning, BellPriority::Haute, self.alarm, self.message());
        let critical = self.act.severity == Severity::Critical;
        let mail = critical.then(|| mails::warning(self.alarm, self.message(), Some(LOG)));
        Telling::team(Some(bell.leading_to(LOG)), mail)
    }
}
