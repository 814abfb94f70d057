//! What happens to accounts, and whom it tells.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails::{self, Notice},
};

mod team;

pub use team::{
    AccountClosed, AccountInvited, AccountOpened, AccountOpenedAgain, AddressChanged, RoleChanged,
};

/// Where the team looks at accounts.
const ACCOUNTS: &str = "/admin/users";
/// Where people look after their account.
const SETTINGS: &str = "/app/settings";
/// Where people who cannot log in any more choose a new password.
const FORGOTTEN: &str = "/forgot-password";

/// Someone registered.
#[derive(Clone)]
pub struct UserRegistered {
    /// The account.
    pub user_id: Uuid,
}

impl Happening for UserRegistered {
    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = format!("{} ({}) vient de s’inscrire.", person.name, person.email);
        welcome(person, "Nouvelle inscription", message)
    }
}

/// The owner of a guest order chose a password.
#[derive(Clone)]
pub struct AccountActivated {
    /// The account.
    pub user_id: Uuid,
}

impl Happening for AccountActivated {
    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = format!("{} ({}) vient d’activer son compte.", person.name, person.email);
        welcome(person, "Compte activé", message)
    }
}

/// A new account can be used: its owner is welcomed, the team informed.
fn welcome(person: &Person, title: &str, message: String) -> Telling {
    let mail = mails::WelcomeUser { first_name: person.first_name.clone(), email: person.email.clone() };
    let bell = Bell::new(BellKind::Info, BellPriority::Normale, title, message.clone());
    Telling {
        bell: None,
        mail: Some(mail.into()),
        team_bell: Some(bell.leading_to(ACCOUNTS)),
        team_mail: Some(mails::info(title, message, ACCOUNTS)),
    }
}

/// A guest order was paid, or confirmed.
#[derive(Clone)]
pub struct ActivationRequested {
    /// The account.
    pub user_id: Uuid,
    /// The order.
    pub request_id: Uuid,
    /// Title of the order.
    pub titre: String,
    /// What people call the order; empty for one that has no reference yet.
    pub reference: String,
    /// Name of the service, when the mail is the confirmation of a purchase.
    pub pack: Option<String>,
    /// What the order cost, in cents.
    pub amount: i64,
}

impl Happening for ActivationRequested {
    fn subject(&self) -> String {
        self.request_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        // The worker makes the secret link when it sends: no token ever rests in the outbox.
        let mail = mails::ActivationUser {
            first_name: person.first_name.clone(),
            commande_title: self.titre.clone(),
            reference: self.reference.clone(),
            pack_name: self.pack.clone(),
            activation_path: String::new(),
            expires_at: Default::default(),
            amount: self.amount,
        };
        Telling::person(None, Some(mail.into()))
    }
}

/// Someone asked for a new password.
#[derive(Clone)]
pub struct PasswordResetRequested {
    /// The account.
    pub user_id: Uuid,
    /// Tells requests apart.
    pub request_id: Uuid,
}

impl Happening for PasswordResetRequested {
    fn subject(&self) -> String {
        self.request_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let mail = mails::ResetPassword {
            first_name: person.first_name.clone(),
            reset_path: String::new(),
            expires_at: Default::default(),
        };
        Telling::person(None, Some(mail.into()))
    }
}

/// The owner of a guest order asked for a new activation link, or is reminded of the first one, once.
#[derive(Clone)]
pub struct ActivationRenewed {
    /// The account.
    pub user_id: Uuid,
    /// An id of its own for each link that was asked for; none for the reminder.
    pub request_id: Option<Uuid>,
    /// Title of the order.
    pub titre: String,
    /// What people call the order; empty for one that has no reference yet.
    pub reference: String,
}

impl Happening for ActivationRenewed {
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
        let mail = mails::ActivationReminder {
            first_name: person.first_name.clone(),
            commande_title: self.titre.clone(),
            reference: self.reference.clone(),
            asked: self.request_id.is_some(),
            activation_path: String::new(),
            expires_at: Default::default(),
        };
        Telling::person(None, Some(mail.into()))
    }
}

/// A password was replaced. Whoever did it, the owner of the account hears of it.
#[derive(Clone)]
pub struct PasswordChanged {
    /// The account.
    pub user_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

impl Happening for PasswordChanged {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = "Le mot de passe de votre compte vient d’être changé, et les sessions ouvertes ont été fermées. \
                       Si ce n’est pas vous, choisissez-en un autre aussitôt.";
        let bell = Bell::new(
            BellKind::System,
            BellPriority::Haute,
            "Votre mot de passe a été changé",
            message.to_owned(),
        )
        .leading_to(SETTINGS);
        let notice = Notice::of(&bell).to(person).leading_to("Ce n’est pas moi", FORGOTTEN);
        let mail = notice.for_person(BellKind::Warning);
        Telling::person(Some(bell), Some(mail))
    }
}

/// The owner of an account they had closed came back.
#[derive(Clone)]
pub struct AccountReopened {
    /// The account.
    pub user_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

impl Happening for AccountReopened {
    fn subject(&self) -> String {
        format!("{}:{}", self.user_id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = "Vous vous êtes connecté à votre compte, que vous aviez fermé : il est de nouveau ouvert, et vous y \
                       retrouvez tout. Si ce n’est pas vous, choisissez un autre mot de passe aussitôt.";
        let bell = Bell::new(
            BellKind::System,
            BellPriority::Normale,
            "Votre compte est de nouveau ouvert",
            message.to_owned(),
        )
        .leading_to(SETTINGS);
        let mail = Notice::of(&bell).to(person).for_person(bell.kind);
        Telling::person(Some(bell), Some(mail))
    }
}
