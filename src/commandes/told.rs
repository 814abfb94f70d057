//! What happens to orders, and whom it tells.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::Statut;
use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails,
    templates::long_date,
};

/// Where the team looks at orders.
const ORDERS: &str = "/admin/commandes";

/// An order, as what happens to it names it.
#[derive(Clone, Debug)]
pub struct OrderRef {
    /// The order.
    pub id: Uuid,
    /// What people call it; empty for an order that has no reference yet.
    pub reference: String,
    /// Its title.
    pub titre: String,
}

impl OrderRef {
    /// An order by its id, its reference, when it has one, and its title.
    pub fn new(id: Uuid, reference: Option<String>, titre: String) -> Self {
        Self { id, reference: reference.unwrap_or_default(), titre }
    }

    fn project_path(&self) -> String {
        format!("/app/projects/{}/files", self.id)
    }

    fn recorded(&self) -> Bell {
        let message = format!("Votre projet « {} » est bien enregistré.", self.titre);
        Bell::new(BellKind::Success, BellPriority::Haute, "Votre projet est créé", message)
            .leading_to(self.project_path())
    }

    fn confirmation(&self, person: &Person, pack: Option<&str>) -> mails::ClientProjectConfirmation {
        mails::ClientProjectConfirmation {
            first_name: person.first_name.clone(),
            commande_title: self.titre.clone(),
            commande_id: self.id.to_string(),
            reference: self.reference.clone(),
            pack_name: pack.map(str::to_owned),
            needs_verification: false,
            offered: false,
        }
    }

    fn for_team(&self, person: &Person, amount: Option<i64>) -> mails::AdminOrder {
        mails::AdminOrder {
            customer_name: person.name.clone(),
            customer_email: person.email.clone(),
            commande_title: self.titre.clone(),
            reference: self.reference.clone(),
            amount,
            offered: false,
        }
    }
}

/// An order without payment was created.
#[derive(Clone)]
pub struct OrderCreated {
    /// Its author.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
    /// Name of the tarif, when one was chosen.
    pub pack: Option<String>,
    /// Estimate in cents, when there is one.
    pub amount: Option<i64>,
    /// Whether it is looked at before anything else.
    pub needs_verification: bool,
}

impl OrderCreated {
    fn bell(&self) -> Bell {
        if !self.needs_verification {
            return self.order.recorded();
        }
        let message = format!("Nous vérifions votre projet « {} » sous 24 heures ouvrées.", self.order.titre);
        let title = "Votre projet est en cours de vérification";
        Bell::new(BellKind::Success, BellPriority::Haute, title, message)
            .leading_to(self.order.project_path())
    }
}

impl Happening for OrderCreated {
    fn subject(&self) -> String {
        self.order.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let OrderRef { id, titre, .. } = &self.order;
        let message = format!("{} a créé la commande « {titre} ».", person.name);
        let team_bell = Bell::new(BellKind::Order, BellPriority::Haute, "Nouvelle commande", message)
            .leading_to(ORDERS)
            .with_data(json!({
                "customerName": person.name, "customerEmail": person.email, "commandeTitle": titre, "commandeId": id,
            }));
        let offered = self.amount == Some(0);
        let team_mail = mails::AdminOrder { offered, ..self.order.for_team(person, self.amount) };
        let mail = mails::ClientProjectConfirmation {
            needs_verification: self.needs_verification,
            ..self.order.confirmation(person, self.pack.as_deref())
        };
        Telling {
            bell: Some(self.bell()),
            mail: Some(mail.into()),
            team_bell: Some(team_bell),
            team_mail: Some(team_mail.into()),
        }
    }
}

/// An order moved from one status to another.
#[derive(Clone)]
pub struct OrderMoved {
    /// Its author.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
    /// Where it stands now.
    pub to: Statut,
    /// When, so that an order that comes back to a status is told of again.
    pub at: DateTime<Utc>,
}

impl OrderMoved {
    fn bell(&self) -> Bell {
        let titre = &self.order.titre;
        let (kind, priority, title, message) = match self.to {
            Statut::Termine => {
                let message =
                    format!("La correction de « {titre} » est terminée. Vos documents vous attendent.");
                (BellKind::Success, BellPriority::Haute, "Votre projet est terminé", message)
            }
            to => {
                let message = format!("Votre projet « {titre} » a changé d’état : {}.", to.label());
                (BellKind::Info, BellPriority::Normale, "Votre projet avance", message)
            }
        };
        Bell::new(kind, priority, title, message).leading_to(self.order.project_path())
    }
}

impl Happening for OrderMoved {
    fn subject(&self) -> String {
        format!("{}:{}:{}", self.order.id, self.to.as_str(), self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let mail = mails::OrderUser {
            first_name: person.first_name.clone(),
            commande_title: self.order.titre.clone(),
            commande_id: self.order.id.to_string(),
            reference: self.order.reference.clone(),
            status: self.to.as_str().to_owned(),
            status_label: self.to.label().to_owned(),
        };
        Telling::person(Some(self.bell()), Some(mail.into()))
    }
}

/// A pending order was paid: it became an order. The mail of the payment, or of the activation, says so.
#[derive(Clone)]
pub struct OrderOpened {
    /// Its author.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
}

impl Happening for OrderOpened {
    fn subject(&self) -> String {
        self.order.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, _: &Person) -> Telling {
        Telling::person(Some(self.order.recorded()), None)
    }
}

/// An order that costs nothing is final.
#[derive(Clone)]
pub struct OrderOffered {
    /// Its author.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
    /// Name of the tarif.
    pub pack: Option<String>,
    /// Whether the mail that activates the account tells of it already.
    pub by_activation: bool,
    /// Whether the mail about the new order told the team already that it is offered.
    pub team_knows: bool,
}

impl Happening for OrderOffered {
    fn subject(&self) -> String {
        self.order.id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let OrderRef { id, titre, .. } = &self.order;
        let mail = mails::ClientProjectConfirmation {
            offered: true,
            ..self.order.confirmation(person, self.pack.as_deref())
        };
        let message = format!("Votre projet « {titre} » est bien enregistré : il vous est offert.");
        let bell =
            Bell::new(BellKind::Success, BellPriority::Haute, "Votre commande vous est offerte", message)
                .leading_to(self.order.project_path());
        let message = format!("{} a passé la commande offerte « {titre} ».", person.name);
        let team_bell = Bell::new(BellKind::Order, BellPriority::Haute, "Commande offerte", message)
            .leading_to(ORDERS)
            .with_data(json!({
                "customerName": person.name, "customerEmail": person.email, "commandeTitle": titre, "commandeId": id,
            }));
        let team_mail = mails::AdminOrder { offered: true, ..self.order.for_team(person, None) };
        Telling {
            bell: Some(bell),
            mail: (!self.by_activation).then(|| mail.into()),
            team_bell: Some(team_bell),
            team_mail: (!self.team_knows).then(|| team_mail.into()),
        }
    }
}

/// An order shall be finished on another day.
#[derive(Clone)]
pub struct DueDateMoved {
    /// Its author.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
    /// When it shall be finished.
    pub due: DateTime<Utc>,
    /// Why, in the team's words.
    pub reason: Option<String>,
    /// When the date moved.
    pub at: DateTime<Utc>,
}

impl Happening for DueDateMoved {
    fn subject(&self) -> String {
        format!("{}:{}", self.order.id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        let day = long_date(self.due);
        let why = self.reason.as_deref().map_or_else(String::new, |reason| format!(" Raison : {reason}"));
        let message =
            format!("Votre projet « {} » est désormais attendu pour le {day}.{why}", self.order.titre);
        let title = "La date de livraison de votre projet change";
        let bell = Bell::new(BellKind::Order, BellPriority::Normale, title, message)
            .leading_to(self.order.project_path());
        let mail = mails::InfoUser::from(mails::Notice::of(&bell).to(person));
        Telling::person(Some(bell), Some(mail.into()))
    }
}

/// An order was given to a corrector.
#[derive(Clone)]
pub struct OrderAssigned {
    /// Who corrects it.
    pub corrector: Uuid,
    /// The order.
    pub order: OrderRef,
    /// When it was given.
    pub at: DateTime<Utc>,
}

impl Happening for OrderAssigned {
    fn subject(&self) -> String {
        format!("{}:{}", self.order.id, self.at.timestamp_millis())
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.corrector)
    }

    fn tell(&self, person: &Person) -> Telling {
        let message = format!("La commande « {} » vous est confiée.", self.order.titre);
        let bell = Bell::new(BellKind::Order, BellPriority::Haute, "Une commande vous est confiée", message)
            .leading_to(self.order.project_path());
        let mail = mails::InfoUser::from(mails::Notice::of(&bell).to(person));
        Telling::person(Some(bell), Some(mail.into()))
    }
}
