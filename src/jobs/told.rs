//! What the team hears of the jobs.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails::Notice,
};

/// A job failed several times in a row.
#[derive(Clone)]
pub struct JobFails {
    /// Its name.
    pub job: &'static str,
    /// Failures in a row.
    pub failures: u32,
    /// The day, so that the next one tells again.
    pub day: NaiveDate,
}

impl Happening for JobFails {
    fn subject(&self) -> String {
        format!("{}:{}", self.job, self.day)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let title = "Une tâche de fond échoue";
        let message = format!(
            "La tâche « {} » a échoué {} fois de suite. Le journal du serveur dit pourquoi.",
            self.job, self.failures
        );
        let bell = Bell::new(BellKind::System, BellPriority::Haute, title, message);
        let mail = Notice::of(&bell).for_team(bell.kind);
        Telling::team(Some(bell), Some(mail))
    }
}

/// A job that had failed several times in a row did its work.
#[derive(Clone)]
pub struct JobWorksAgain {
    /// Its name.
    pub job: &'static str,
    /// When.
    pub at: DateTime<Utc>,
}

impl Happening for JobWorksAgain {
    fn subject(&self) -> String {
        format!("{}:{}", self.job, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let message = format!("La tâche « {} », qui échouait, a de nouveau fait son travail.", self.job);
        let title = "Une tâche de fond fonctionne de nouveau";
        let bell = Bell::new(BellKind::Success, BellPriority::Normale, title, message);
        let mail = Notice::of(&bell).for_team(bell.kind);
        Telling::team(Some(bell), Some(mail))
    }
}
