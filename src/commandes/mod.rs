//! Orders: the rows, the life they lead, and what their owners read of them.
//!
//! [`life`] says which status may follow which, [`moves`] alone writes it. [`pending`] holds the orders that exist only
//! once they are paid, [`opening`] makes orders of them. [`payable`] is what payments need to know, [`references`] what
//! people call an order, [`express`] who asked that work begin before they may no longer withdraw.
//!
//! | route                                  | what it does                                       |
//! |----------------------------------------|----------------------------------------------------|
//! | `POST /commandes`                      | an order without payment                           |
//! | `GET /commandes`, `GET /commandes/{id}`| the caller's orders                                |

pub mod announcing;
pub mod demo;
pub mod desk;
pub mod express;
pub mod jobs;
pub mod life;
pub mod moves;
pub mod opening;
pub mod payable;
pub mod pending;
pub mod personal;
pub mod references;
mod routes;
mod service;
pub mod sizes;
mod store;
pub mod told;
pub mod withdrawing;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::users::billing::{Buyer, TypeClient};
pub use routes::router;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Statut {
    /// Received, not paid.
    EnAttente,
    /// Received, to be looked at before anything else.
    EnAttenteVerification,
    /// Waits for a talk with its author.
    EnAttenteConsultation,
    /// A price was proposed.
    EstimationEnvoyee,
    /// Paid, not begun.
    Payee,
    /// Being corrected.
    EnCours,
    /// Delivered.
    Termine,
    /// Given up.
    Annulee,
    /// Stopped for the time being.
    Suspendue,
}

impl Statut {
    /// Every status, in the order of the life of an order.
    pub const ALL: [Self; 9] = [
        Self::EnAttente,
        Self::EnAttenteVerification,
        Self::EnAttenteConsultation,
        Self::EstimationEnvoyee,
        Self::Payee,
        Self::EnCours,
        Self::Termine,
        Self::Annulee,
        Self::Suspendue,
    ];

    /// The wire form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnAttente => "EN_ATTENTE",
            Self::EnAttenteVerification => "EN_ATTENTE_VERIFICATION",
            Self::EnAttenteConsultation => "EN_ATTENTE_CONSULTATION",
            Self::EstimationEnvoyee => "ESTIMATION_ENVOYEE",
            Self::Payee => "PAYEE",
            Self::EnCours => "EN_COURS",
            Self::Termine => "TERMINE",
            Self::Annulee => "ANNULEE",
            Self::Suspendue => "SUSPENDUE",
        }
    }

    /// As people read it, within a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Self::EnAttente => "en attente",
            Self::EnAttenteVerification => "en attente de vérification",
            Self::EnAttenteConsultation => "en attente de consultation",
            Self::EstimationEnvoyee => "estimation envoyée",
            Self::Payee => "payée",
            Self::EnCours => "en cours",
            Self::Termine => "terminée",
            Self::Annulee => "annulée",
            Self::Suspendue => "suspendue",
        }
    }
}

/// How urgent an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
pub enum Priorite {
    /// Can wait.
    Faible,
    /// As any other.
    Normale,
    /// Before others.
    Haute,
    /// Before all others.
    Urgente,
}

/// Whether an order is paid; absent while no payment was ever asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// A payment page was opened.
    Unpaid,
    /// The money arrived.
    Paid,
    /// The last payment was refused.
    Failed,
}
