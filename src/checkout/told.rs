//! What happens on the way to the payment page, and whom it tells.

use serde_json::json;
use uuid::Uuid;

use crate::{
    events::{Bell, BellKind, BellPriority, Happening, Person, Telling, Whom},
    mails, money,
};

/// Where the team looks at orders.
const ORDERS: &str = "/admin/commandes";

/// An order waits for its payment.
#[derive(Clone)]
pub struct OrderAwaitingPayment {
    /// The order, until it is paid.
    pub pending_id: Uuid,
    /// What people call it.
    pub reference: String,
    /// First and family name of who orders.
    pub customer_name: String,
    /// Their address.
    pub customer_email: String,
    /// Title of the order.
    pub titre: String,
    /// Due, in cents.
    pub amount: i64,
    /// Length declared.
    pub pages: Option<u32>,
    /// Documents received.
    pub files: u32,
}

impl Happening for OrderAwaitingPayment {
    fn subject(&self) -> String {
        self.pending_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Team
    }

    fn tell(&self, _: &Person) -> Telling {
        let Self { customer_name, customer_email, titre, amount, .. } = self;
        let message = format!("{customer_name} a commandé « {titre} » ({}).", money::french(*amount));
        let title = "Projet en attente de paiement";
        let bell = Bell::new(BellKind::Warning, BellPriority::Haute, title, message)
            .leading_to(ORDERS)
            .with_data(json!({
                "customerName": customer_name, "customerEmail": customer_email, "commandeTitle": titre,
                "pendingCommandeId": self.pending_id, "amount": amount,
            }));
        let mail = mails::AdminProjectPaymentPending {
            customer_name: customer_name.clone(),
            customer_email: customer_email.clone(),
            commande_title: titre.clone(),
            reference: self.reference.clone(),
            amount: *amount,
            pages: self.pages,
            files: self.files,
        };
        Telling::team(Some(bell), Some(mail.into()))
    }
}

/// A guest sent an order that costs nothing: whoever reads the mail confirms it.
#[derive(Clone)]
pub struct OrderToConfirm {
    /// The order, until it is confirmed.
    pub pending_id: Uuid,
    /// What people call it.
    pub reference: String,
    /// First and family name of who orders.
    pub customer_name: String,
    /// Their address.
    pub customer_email: String,
    /// Title of the order.
    pub titre: String,
    /// Name of the service.
    pub pack: String,
}

impl Happening for OrderToConfirm {
    fn subject(&self) -> String {
        self.pending_id.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Guest { name: &self.customer_name, email: &self.customer_email }
    }

    fn tell(&self, person: &Person) -> Telling {
        // The worker makes the link when it sends.
        let mail = mails::OrderToConfirm {
            first_name: person.first_name.clone(),
            commande_title: self.titre.clone(),
            reference: self.reference.clone(),
            pack_name: Some(self.pack.clone()),
            order_id: self.pending_id,
            confirm_path: String::new(),
        };
        Telling::person(None, Some(mail.into()))
    }
}
