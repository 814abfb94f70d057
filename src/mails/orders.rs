//! Mails about an order, for its author.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::samples::{COMMANDE, NASTY_TITLE, REFERENCE, Sampled, TOKEN, long_title, s};

contexts! {
    /// An order moved from one status to another.
    OrderUser {
        first_name: String,
        commande_title: String,
        commande_id: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Wire form of the status it has now.
        status: String,
        /// The same in words, as `en cours`.
        status_label: String,
    }

    /// An order was recorded.
    ClientProjectConfirmation {
        first_name: String,
        commande_title: String,
        commande_id: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the tarif, when one was chosen.
        pack_name: Option<String>,
        /// The number of pages must be checked before the price is final.
        needs_verification: bool,
        /// It costs nothing.
        #[serde(default)]
        offered: bool,
    }

    /// Confirmation asked of a guest whose order costs nothing.
    OrderToConfirm {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Name of the service, when the mail tells of a purchase.
        #[serde(default)]
        pack_name: Option<String>,
        /// The order, until it is confirmed.
        order_id: Uuid,
        /// Where to confirm it: a signed link, made when the mail is sent.
        confirm_path: String,
    }
}

impl Sampled for OrderUser {
    fn samples() -> Vec<Self> {
        let at = |status, label, title: String| Self {
            first_name: s("Éloïse"),
            commande_title: title,
            commande_id: s(COMMANDE),
            reference: s(REFERENCE),
            status: s(status),
            status_label: s(label),
        };
        vec![
            at("EN_COURS", "en cours", s(NASTY_TITLE)),
            at("TERMINE", "terminée", long_title()),
            at("ANNULEE", "annulée", s("Poèmes")),
            at("SUSPENDUE", "suspendue", s("Poèmes")),
        ]
    }
}

impl Sampled for ClientProjectConfirmation {
    fn samples() -> Vec<Self> {
        let to_verify = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            commande_id: s(COMMANDE),
            reference: s(REFERENCE),
            pack_name: Some(s("Pack KDP Autoédition")),
            needs_verification: true,
            offered: false,
        };
        let ready = Self {
            commande_title: long_title(),
            pack_name: None,
            needs_verification: false,
            ..to_verify.clone()
        };
        let offered = Self { offered: true, needs_verification: false, ..to_verify.clone() };
        vec![to_verify, ready, offered]
    }
}

impl Sampled for OrderToConfirm {
    fn samples() -> Vec<Self> {
        let named = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            pack_name: Some(s("Correction Standard")),
            order_id: Uuid::nil(),
            confirm_path: format!("/api/public/commande-offerte/{TOKEN}"),
        };
        let bare = Self { reference: String::new(), pack_name: None, ..named.clone() };
        vec![named, bare]
    }
}
