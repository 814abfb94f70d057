//! Mails about an account.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::samples::{NASTY_TITLE, REFERENCE, Sampled, TOKEN, at, long_title, s};

contexts! {
    /// Activation of an account born from a guest order.
    ActivationUser {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the service, when the mail tells of a purchase.
        #[serde(default)]
        pack_name: Option<String>,
        /// `/activation/<token>`: secret.
        activation_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
        /// Paid, in cents.
        amount: i64,
    }

    /// A new link for an account that awaits its activation.
    ActivationReminder {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        reference: String,
        /// Whether its owner asked for it; nobody did when we remind them.
        asked: bool,
        /// `/activation/<token>`: secret.
        activation_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
    }

    /// An account that the team opened.
    AccountInvitation {
        first_name: String,
        /// Address to log in with.
        email: String,
        /// `/activation/<token>`: secret.
        activation_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
    }

    /// Welcome after registration.
    WelcomeUser {
        first_name: String,
        /// Address to log in with.
        email: String,
    }

    /// Link to choose a new password.
    ResetPassword {
        first_name: String,
        /// `/reset-password?token=<token>`: secret.
        reset_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
    }

    /// All that is held of someone: the link to fetch it and, when it is small, the JSON attached.
    DataExport {
        first_name: String,
        export_id: Uuid,
        /// Where to fetch it: a signed link, made when the mail is sent.
        export_path: String,
        /// End of validity of the link.
        expires_at: DateTime<Utc>,
        /// Whether the JSON is attached.
        attached: bool,
        /// Orders in it.
        commandes: u64,
        /// Invoices in it.
        factures: u64,
        /// Messages in it.
        messages: u64,
    }
}

impl Sampled for ActivationUser {
    fn samples() -> Vec<Self> {
        let paid = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            pack_name: Some(s("Correction Standard")),
            activation_path: format!("/activation/{TOKEN}"),
            expires_at: at(7, 31, 9, 8),
            amount: 46_800,
        };
        let free = Self { amount: 0, ..paid.clone() };
        let again = Self { reference: String::new(), pack_name: None, ..paid.clone() };
        vec![paid, free, again]
    }
}

impl Sampled for ActivationReminder {
    fn samples() -> Vec<Self> {
        let reminded = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            asked: false,
            activation_path: format!("/activation/{TOKEN}"),
            expires_at: at(7, 31, 9, 8),
        };
        let asked =
            Self { commande_title: long_title(), reference: String::new(), asked: true, ..reminded.clone() };
        vec![reminded, asked]
    }
}

impl Sampled for AccountInvitation {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("Anne-Laure d'Orgeval"),
            email: s("anne-laure@example.com"),
            activation_path: format!("/activation/{TOKEN}"),
            expires_at: at(7, 31, 9, 8),
        }]
    }
}

impl Sampled for WelcomeUser {
    fn samples() -> Vec<Self> {
        vec![Self { first_name: s("Anne-Laure d'Orgeval"), email: s("anne-laure@example.com") }]
    }
}

impl Sampled for ResetPassword {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("<b>Noé</b>"),
            reset_path: format!("/reset-password?token={TOKEN}"),
            expires_at: at(1, 1, 22, 30),
        }]
    }
}

impl Sampled for DataExport {
    fn samples() -> Vec<Self> {
        let small = Self {
            first_name: s("Éloïse"),
            export_id: Uuid::nil(),
            export_path: format!("/api/public/mes-donnees/{TOKEN}"),
            expires_at: at(8, 5, 7, 30),
            attached: true,
            commandes: 3,
            factures: 2,
            messages: 41,
        };
        let large = Self { attached: false, commandes: 0, factures: 0, messages: 12_345, ..small.clone() };
        vec![small, large]
    }
}
