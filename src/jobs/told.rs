//! What the team hears of the jobs.

use chrono::NaiveDate;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
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
        let bell = Bell::new(BellKind::System, BellPriority::Haute, title, message.clone());
        Telling::team(Some(bell), Some(mails::warning(title, message, None)))
    }
}
