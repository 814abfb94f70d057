//! What the team hears of mails that will not arrive: by the bell alone, for a mail about it might not arrive either.

use crate::events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom};

/// One address does not work: someone may want to call the person.
#[derive(Clone)]
pub struct MailRefused {
    /// Which refusal of which mail.
    pub refusal: String,
    /// Kind of mail.
    pub template: String,
    /// Where it could not go.
    pub to_email: String,
}

impl Happening for MailRefused {
    fn subject(&self) -> String {
        self.refusal.clone()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        bell_alone(
            "Un mail n’a pas pu être remis",
            format!(
                "Le serveur de messagerie a refusé définitivement le mail « {} » adressé à {}. Vérifiez l’adresse.",
                self.template, self.to_email
            ),
        )
    }
}

/// Nothing has left for hours: one bell per hour says it, however many mails are concerned.
#[derive(Clone)]
pub struct MailsStuck {
    /// The hour, as `2026-03-10T09`.
    pub hour: String,
}

impl Happening for MailsStuck {
    fn subject(&self) -> String {
        self.hour.clone()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let message = "Des mails ont été abandonnés après douze essais. Vérifiez le service d’envoi, puis relancez-les.";
        bell_alone("Des mails ne partent plus", message.to_owned())
    }
}

fn bell_alone(title: &str, message: String) -> Telling {
    Telling::team(Some(Bell::new(BellKind::System, BellPriority::Haute, title, message)), None)
}
