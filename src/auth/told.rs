//! What happens to accounts, and whom it tells.

use uuid::Uuid;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
};

/// Where the team looks at accounts.
const ACCOUNTS: &str = "/admin/users";

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

/// A guest order was paid, or a new activation link was asked for.
#[derive(Clone)]
pub struct ActivationRequested {
    /// The account.
    pub user_id: Uuid,
    /// The order that was paid, or an id of its own for each new link.
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
