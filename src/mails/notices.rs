//! The mails that say what a notification says: one of each kind for people, one of each kind for the team. What happens
//! often deserves words of its own; these are for the rest.

use serde::{Deserialize, Serialize};

use super::{AdminInfo, AdminWarning, samples::Sampled};
use crate::events::{Bell, BellKind, Letter, Person};

/// Declares mails that all tell the same things, each its own way.
macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "a field without a comment is called what it holds")]
        pub struct $name {
            /// Empty in the mails of the team.
            pub first_name: String,
            pub title: String,
            pub message: String,
            pub action_path: Option<String>,
            /// What the button says; empty for the words of the template.
            #[serde(default)]
            pub action_label: String,
        }

        impl From<Notice> for $name {
            fn from(notice: Notice) -> Self {
                let Notice { first_name, title, message, action_path, action_label } = notice;
                Self { first_name, title, message, action_path, action_label }
            }
        }

        impl Sampled for $name {
            fn samples() -> Vec<Self> {
                samples(stringify!($name)).into_iter().map(Self::from).collect()
            }
        }
    )+};
}

notices! {
    /// For a person: something to know.
    InfoUser;
    /// For a person: something went well.
    SuccessUser;
    /// For a person: something to look at, or to do.
    WarningUser;
    /// For a person: something went wrong.
    ErrorUser;
    /// For a person: their account changed.
    SystemUser;
    /// For the team: something went well.
    AdminSuccess;
    /// For the team: something went wrong.
    AdminError;
    /// For the team: the machine room.
    AdminSystem;
}

/// What a notice tells.
#[derive(Clone)]
pub struct Notice {
    first_name: String,
    title: String,
    message: String,
    action_path: Option<String>,
    action_label: String,
}

impl Notice {
    /// What a notification says, to whoever reads it.
    pub fn of(bell: &Bell) -> Self {
        Self {
            first_name: String::new(),
            title: bell.title.clone(),
            message: bell.message.clone(),
            action_path: bell.action_path.clone(),
            action_label: String::new(),
        }
    }

    /// Greets someone.
    #[must_use]
    pub fn to(self, person: &Person) -> Self {
        Self { first_name: person.first_name.clone(), ..self }
    }

    /// Leads elsewhere than the notification: a path of the web application, and what its button says.
    #[must_use]
    pub fn leading_to(self, label: &str, path: &str) -> Self {
        Self { action_path: Some(path.to_owned()), action_label: label.to_owned(), ..self }
    }

    /// The mail of this kind for a person. Security and account matters cannot be refused, news can.
    pub fn for_person(self, kind: BellKind) -> Letter {
        match kind {
            BellKind::Success => SuccessUser::from(self).into(),
            BellKind::Warning => WarningUser::from(self).into(),
            BellKind::Error => ErrorUser::from(self).into(),
            BellKind::System => SystemUser::from(self).into(),
            BellKind::Info
            | BellKind::Payment
            | BellKind::Order
            | BellKind::Message
            | BellKind::Consultation => InfoUser::from(self).into(),
        }
    }

    /// The mail of this kind for the team.
    pub fn for_team(self, kind: BellKind) -> Letter {
        let Self { title, message, action_path, .. } = self.clone();
        match kind {
            BellKind::Success => AdminSuccess::from(self).into(),
            BellKind::Error => AdminError::from(self).into(),
            BellKind::System => AdminSystem::from(self).into(),
            BellKind::Warning => AdminWarning { title, message, action_path }.into(),
            BellKind::Info
            | BellKind::Payment
            | BellKind::Order
            | BellKind::Message
            | BellKind::Consultation => AdminInfo { title, message, action_path }.into(),
        }
    }
}

fn samples(name: &str) -> Vec<Notice> {
    let team = name.starts_with("Admin");
    let full = Notice {
        first_name: if team { String::new() } else { "Éloïse".to_owned() },
        title: "L'envoi d'Élise & <b>Noé</b> « {{mystère}} »".to_owned(),
        message: "Une première ligne, avec <script>alert(1)</script>.\r\n\r\nUne seconde.".to_owned(),
        action_path: Some(if team { "/admin/dashboard" } else { "/app/billing" }.to_owned()),
        action_label: "Ouvrir la page".to_owned(),
    };
    let endless = Notice {
        title: "Donaudampfschiffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".to_owned(),
        message: "exemple.fr/".to_owned() + &"une-adresse-sans-fin/".repeat(12),
        action_label: String::new(),
        ..full.clone()
    };
    let bare = Notice {
        first_name: String::new(),
        title: "Un mot de votre équipe".to_owned(),
        message: "Rien à faire de votre côté.".to_owned(),
        action_path: None,
        action_label: String::new(),
    };
    vec![full, endless, bare]
}
