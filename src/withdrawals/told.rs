//! What happens about withdrawals, and whom it tells.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{declaration::Declaration, share::Share, store::Withdrawal};
use crate::{
    commandes::told::OrderRef,
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
};

/// Where the team looks at orders.
const ORDERS: &str = "/admin/commandes";

/// Somebody declared a withdrawal: the receipt, as a durable medium (code de la consommation, article L221-21).
#[derive(Clone)]
pub struct WithdrawalReceived {
    /// The declaration.
    pub id: Uuid,
    /// What was declared.
    pub declaration: Declaration,
    /// When.
    pub declared_at: DateTime<Utc>,
}

impl Happening for WithdrawalReceived {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.declaration.nom, email: &self.declaration.email }
    }

    fn tell(&self, _: &Person) -> Telling {
        let Declaration { nom, email, numero, message } = self.declaration.clone();
        let mail = mails::WithdrawalUser { nom, email, numero, message, declared_at: self.declared_at };
        Telling::person(None, Some(mail.into()))
    }
}

/// The order of a declaration was found. Amounts are cents.
#[derive(Clone)]
pub struct WithdrawalMatched {
    /// The declaration.
    pub id: Uuid,
    /// The author of the order.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
    /// When it was declared.
    pub declared_at: DateTime<Utc>,
    /// Whether the order stops for it.
    pub stopped: bool,
    /// Whether its author has the right to withdraw.
    pub entitled: bool,
    /// Whether it was declared in time.
    pub in_time: bool,
    /// The end of the period.
    pub term_at: Option<DateTime<Utc>>,
    /// Whether its author had asked that work begin at once.
    pub express: bool,
    /// What was paid.
    pub price: i64,
    /// What is kept and given back, when it is known.
    pub share: Option<Share>,
}

impl WithdrawalMatched {
    fn title(&self) -> &'static str {
        match (self.entitled, self.in_time) {
            (false, _) => "Rétractation d’un professionnel",
            (true, false) => "Rétractation hors délai",
            (true, true) => "Rétractation à traiter",
        }
    }

    /// Within the last day of the period.
    fn last_day(&self) -> Option<DateTime<Utc>> {
        self.term_at.map(|end| end - TimeDelta::milliseconds(1))
    }

    fn client_bell(&self) -> Bell {
        let OrderRef { id, titre, .. } = &self.order;
        let message = match self.stopped {
            true => format!(
                "Votre commande « {titre} » est arrêtée pendant que nous traitons votre rétractation."
            ),
            false => format!("Nous traitons votre rétractation pour « {titre} »."),
        };
        Bell::new(BellKind::Info, BellPriority::Haute, "Votre rétractation est enregistrée", message)
            .leading_to(format!("/app/projects/{id}/files"))
    }
}

impl Happening for WithdrawalMatched {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let OrderRef { reference, titre, .. } = self.order.clone();
        let mail = mails::WithdrawalOrderUser {
            first_name: person.first_name.clone(),
            commande_title: titre.clone(),
            reference: reference.clone(),
            declared_at: self.declared_at,
            stopped: self.stopped,
            entitled: self.entitled,
            in_time: self.in_time,
            last_day: self.last_day(),
            express: self.express,
            price: self.price,
            kept: self.share.map(|share| share.kept),
            returned: self.share.map(|share| share.returned),
        };
        let message = format!("{} se rétracte de la commande {reference} « {titre} ».", person.name);
        let bell =
            Bell::new(BellKind::Warning, BellPriority::Haute, self.title(), message).leading_to(ORDERS);
        let team = mails::AdminWithdrawal {
            title: self.title().to_owned(),
            customer_name: person.name.clone(),
            customer_email: person.email.clone(),
            commande_title: titre,
            reference,
            declared_at: self.declared_at,
            entitled: self.entitled,
            in_time: self.in_time,
            last_day: self.last_day(),
            express: self.express,
            price: self.price,
            kept: self.share.map(|share| share.kept),
        };
        Telling {
            bell: Some(self.client_bell()),
            mail: Some(mail.into()),
            team_bell: Some(bell),
            team_mail: Some(team.into()),
        }
    }
}

/// No order was found for a declaration: the team has to look.
#[derive(Clone)]
pub struct WithdrawalUnmatched {
    id: Uuid,
    nom: String,
    email: String,
    numero: Option<String>,
}

impl WithdrawalUnmatched {
    pub(super) fn of(withdrawal: &Withdrawal) -> Self {
        let Withdrawal { id, nom, email, numero, .. } = withdrawal.clone();
        Self { id, nom, email, numero }
    }
}

impl Happening for WithdrawalUnmatched {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let title = "Une rétractation attend sa commande";
        let number = match &self.numero {
            Some(numero) => {
                format!("le numéro « {numero} », qui ne correspond à aucune commande de cette adresse")
            }
            None => "aucun numéro de commande".to_owned(),
        };
        let message = format!(
            "{} ({}) déclare se rétracter et donne {number}. Recherchez la commande concernée : le délai de remboursement de \
             quatorze jours court dès maintenant.",
            self.nom, self.email
        );
        let bell = Bell::new(BellKind::Warning, BellPriority::Haute, title, message.clone());
        Telling::team(Some(bell.leading_to(ORDERS)), Some(mails::warning(title, message, Some(ORDERS))))
    }
}
