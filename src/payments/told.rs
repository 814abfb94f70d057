//! What happens to payments, and whom it tells.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::{
    commandes::told::OrderRef,
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails, money,
};

/// Where clients look at payments.
const BILLING: &str = "/app/billing";
/// Where the team looks at invoices and payments.
pub const INVOICES: &str = "/admin/factures";
/// Where the team looks at orders.
pub const ORDERS: &str = "/admin/commandes";

/// Money arrived for an order.
#[derive(Clone)]
pub struct PaymentReceived {
    /// The client.
    pub user_id: Uuid,
    /// The order.
    pub order: OrderRef,
    /// Name of the service.
    pub pack: Option<String>,
    /// Received, in cents.
    pub amount: i64,
    /// When.
    pub paid_at: DateTime<Utc>,
    /// What Stripe calls the payment page, which tells payments apart.
    pub session_id: String,
    /// Absent when nothing is invoiced.
    pub invoice_number: Option<String>,
    /// Whether the mail that activates the account tells of the payment already.
    pub by_activation: bool,
}

impl PaymentReceived {
    fn bell(&self) -> Bell {
        let price = money::french(self.amount);
        let message =
            format!("Nous avons bien reçu votre paiement de {price} pour « {} ».", self.order.titre);
        Bell::new(BellKind::Payment, BellPriority::Haute, "Paiement confirmé", message).leading_to(BILLING)
    }

    fn mail(&self, person: &Person) -> mails::PaymentUser {
        mails::PaymentUser {
            first_name: person.first_name.clone(),
            commande_title: self.order.titre.clone(),
            amount: self.amount,
            paid_at: self.paid_at,
            reference: self.order.reference.clone(),
            pack_name: self.pack.clone(),
        }
    }

    fn team_bell(&self, person: &Person) -> Bell {
        let OrderRef { id, titre, .. } = &self.order;
        let message = format!("{} a payé {} pour « {titre} ».", person.name, money::french(self.amount));
        Bell::new(BellKind::Payment, BellPriority::Haute, "Paiement reçu", message).leading_to(INVOICES).with_data(
            json!({
                "customerName": person.name, "customerEmail": person.email, "commandeTitle": titre, "commandeId": id,
                "amount": self.amount, "invoiceNumber": self.invoice_number,
            }),
        )
    }

    fn team_mail(&self, person: &Person) -> mails::AdminPayment {
        mails::AdminPayment {
            customer_name: person.name.clone(),
            customer_email: person.email.clone(),
            commande_title: self.order.titre.clone(),
            amount: self.amount,
            reference: self.order.reference.clone(),
            invoice_number: self.invoice_number.clone(),
        }
    }
}

impl Happening for PaymentReceived {
    fn subject(&self) -> String {
        self.session_id.clone()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.user_id)
    }

    fn tell(&self, person: &Person) -> Telling {
        Telling {
            bell: Some(self.bell()),
            mail: (!self.by_activation).then(|| self.mail(person).into()),
            team_bell: Some(self.team_bell(person)),
            team_mail: Some(self.team_mail(person).into()),
        }
    }
}

/// A payment was refused. The customer may have no account yet.
#[derive(Clone)]
pub struct PaymentFailed {
    /// The client's account.
    pub user_id: Option<Uuid>,
    /// Tells attempts apart.
    pub attempt: String,
    /// First and family name.
    pub customer_name: String,
    /// Where a client without an account is written to.
    pub customer_email: String,
    /// The order, pending or not.
    pub order: OrderRef,
    /// Attempted, in cents.
    pub amount: i64,
}

impl PaymentFailed {
    fn bell(&self) -> Bell {
        let message = format!(
            "Votre paiement de {} pour « {} » n’a pas abouti. Rien n’a été débité.",
            money::french(self.amount),
            self.order.titre
        );
        Bell::new(BellKind::Error, BellPriority::Haute, "Paiement refusé", message).leading_to(BILLING)
    }

    fn mail(&self, person: &Person) -> mails::PaymentFailedUser {
        mails::PaymentFailedUser {
            first_name: person.first_name.clone(),
            commande_title: self.order.titre.clone(),
            reference: self.order.reference.clone(),
            amount: self.amount,
            order_id: self.order.id,
            retry_path: String::new(),
        }
    }

    fn team_bell(&self) -> Bell {
        let message = format!(
            "Le paiement de {} pour « {} » ({}) a été refusé.",
            self.customer_name,
            self.order.titre,
            money::french(self.amount)
        );
        Bell::new(BellKind::Warning, BellPriority::Normale, "Paiement refusé", message).leading_to(ORDERS)
    }
}

impl Happening for PaymentFailed {
    fn subject(&self) -> String {
        self.attempt.clone()
    }

    fn concerns(&self) -> Whom<'_> {
        match self.user_id {
            Some(id) => Whom::Account(id),
            None => Whom::Guest { name: &self.customer_name, email: &self.customer_email },
        }
    }

    fn tell(&self, person: &Person) -> Telling {
        let OrderRef { reference, titre, .. } = &self.order;
        let message =
            format!("Le paiement de {} pour « {titre} » ({reference}) a été refusé.", self.customer_name);
        let title = format!("Paiement refusé {reference}");
        Telling {
            bell: Some(self.bell()),
            mail: Some(self.mail(person).into()),
            team_bell: Some(self.team_bell()),
            team_mail: Some(mails::warning(title.trim_end(), message, Some(ORDERS))),
        }
    }
}

/// Why a payment needs the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A webhook speaks of a payment that belongs to no order of ours.
    Unmatched,
    /// A card holder disputes a payment.
    Disputed,
    /// Something paid cannot be applied to an order as it is now.
    Anomaly,
}

/// Something about a payment needs the team.
#[derive(Clone)]
pub struct PaymentAlert {
    /// Why.
    pub trouble: Trouble,
    /// What tells this alert from others of its kind, such as the payment's id.
    pub about: String,
    /// One line.
    pub title: String,
    /// What happened and what to do.
    pub message: String,
    /// Where to look: a path of the web application.
    pub action_path: &'static str,
}

impl Happening for PaymentAlert {
    fn subject(&self) -> String {
        format!("{:?}:{}", self.trouble, self.about)
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { title, message, action_path, .. } = self;
        let bell = Bell::new(BellKind::Warning, BellPriority::Haute, title, message.clone());
        let mail = mails::warning(title, message.clone(), Some(action_path));
        Telling::team(Some(bell.leading_to(*action_path)), Some(mail))
    }
}
