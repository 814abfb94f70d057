//! Money that Stripe tells of and that we cannot book.

use super::told::{INVOICES, PaymentAlert, Trouble};

/// Why money cannot be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// No session of ours.
    Session,
    /// A session of ours in another currency than the euro.
    Currency(String),
    /// The order of the session was removed.
    OrderGone,
    /// A payment we do not know, or not yet: its own event may still be on the way.
    Payment {
        /// What Stripe calls it.
        intent: String,
    },
}

impl Unmatched {
    /// Tells the team once about the object Stripe names.
    pub fn alert(&self, object: &str) -> PaymentAlert {
        let (title, message) = match self {
            Self::Session | Self::Payment { .. } => (
                "Paiement sans commande",
                format!("Stripe annonce un paiement ({object}) qui ne correspond à aucune commande."),
            ),
            Self::Currency(code) => (
                "Paiement dans une autre devise",
                format!(
                    "Stripe annonce un paiement ({object}) dans une autre devise que l’euro ({code}). Rien n’est \
                     enregistré ; il est à rembourser dans Stripe ou à facturer à la main."
                ),
            ),
            Self::OrderGone => (
                "Paiement d’une commande supprimée",
                format!(
                    "La commande du paiement {object} a été supprimée ; il est à rembourser dans Stripe."
                ),
            ),
        };
        PaymentAlert {
            trouble: Trouble::Unmatched,
            about: object.to_owned(),
            title: title.into(),
            message,
            action_path: INVOICES,
        }
    }
}
