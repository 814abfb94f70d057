//! What the team does with accounts, told to their owners.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{FORGOTTEN, SETTINGS};
use crate::{
    auth::Role,
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails::{self, Notice},
};

/// Where people log in.
const LOGIN: &str = "/login";

/// The team opened an account that has no password yet, or its owner needs another link.
#[derive(Clone)]
pub struct AccountInvited {
    /// The account.
    pub user_id: Uuid,
    /// An id of its own for each link that was asked for; none for the reminder.
    pub request_id: Option<Uuid>,
}

impl Happening for AccountInvited {
    fn subject(&self) -> String {
        match self.request_id {
            Some(request_id) => request_id.to_string(),
            None => format!("reminder:{}", self.user_id),
        }
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        // The worker makes the secret link when it sends.
        let mail = mails::AccountInvitation {
            first_name: person.first_name.clone(),
            email: person.email.clone(),
            activation_path: String::new(),
            expires_at: Default::default(),
        };
        Telling::person(None, Some(mail.into()))
    }
}

/// The team opened an account with the password it gave its owner.
#[derive(Clone)]
pub struct AccountOpened {
    /// The account.
    pub user_id: Uuid,
}

impl Happening for AccountOpened {
    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let mail = mails::WelcomeUser { first_name: person.first_name.clone(), email: person.email.clone() };
        Telling::person(None, Some(mail.into()))
    }
}

/// The team closed an account.
#[derive(Clone)]
pub struct AccountClosed {
    /// The account.
    pub user_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

impl Happening for AccountClosed {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = "Notre équipe a désactivé votre compte : vous ne pouvez plus vous y connecter. Vos commandes et vos \
                       factures sont conservées. Pour en savoir plus, répondez à ce message.";
        let bell = Bell::new(
            BellKind::Warning,
            BellPriority::Haute,
            "Votre compte est désactivé",
            message.to_owned(),
        );
        // Nobody can look at the bell of a closed account.
        Telling::person(None, Some(Notice::of(&bell).to(person).for_person(bell.kind)))
    }
}

/// The team opened an account again, or for the first time.
#[derive(Clone)]
pub struct AccountOpenedAgain {
    /// The account.
    pub user_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether its owner ever chose a password.
    pub has_password: bool,
}

impl Happening for AccountOpenedAgain {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let (message, label, path) = match self.has_password {
            true => {
                ("Notre équipe a activé votre compte : vous pouvez vous y connecter.", "Me connecter", LOGIN)
            }
            false => (
                "Notre équipe a activé votre compte. Choisissez votre mot de passe pour vous y connecter.",
                "Choisir mon mot de passe",
                FORGOTTEN,
            ),
        };
        let bell =
            Bell::new(BellKind::System, BellPriority::Normale, "Votre compte est activé", message.to_owned());
        let mail = Notice::of(&bell).to(person).leading_to(label, path).for_person(bell.kind);
        Telling::person(Some(bell.leading_to(SETTINGS)), Some(mail))
    }
}

/// The team gave an account another role.
#[derive(Clone)]
pub struct RoleChanged {
    /// The account.
    pub user_id: Uuid,
    /// The new role.
    pub role: Role,
    /// When.
    pub at: DateTime<Utc>,
}

impl Happening for RoleChanged {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let role = match self.role {
            Role::User => "auteur",
            Role::Admin => "administrateur",
            Role::Corrector => "correcteur",
        };
        let message = format!(
            "Votre compte est désormais un compte {role}. Les sessions ouvertes ont été fermées : connectez-vous de nouveau."
        );
        let bell =
            Bell::new(BellKind::System, BellPriority::Haute, "Le rôle de votre compte a changé", message);
        let mail = Notice::of(&bell).to(person).leading_to("Me connecter", LOGIN).for_person(bell.kind);
        Telling::person(Some(bell), Some(mail))
    }
}

/// The team changed the address of an account. The address it had hears of it: who reads there may know that nobody
/// asked for this.
#[derive(Clone)]
pub struct AddressChanged {
    /// The account.
    pub user_id: Uuid,
    /// First and family name.
    pub name: String,
    /// The address it had.
    pub former: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Happening for AddressChanged {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.name, email: &self.former }
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = "Notre équipe a remplacé l’adresse e-mail de votre compte : vous vous connectez désormais avec la \
                       nouvelle, et nos messages y arrivent. Si vous n’avez rien demandé, répondez à ce message aussitôt.";
        let bell = Bell::new(
            BellKind::Warning,
            BellPriority::Haute,
            "L’adresse de votre compte a changé",
            message.to_owned(),
        );
        Telling::person(None, Some(Notice::of(&bell).to(person).for_person(bell.kind)))
    }
}
