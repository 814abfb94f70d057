//! Mails for the team.

use serde::{Deserialize, Serialize};

use super::samples::{NASTY_TITLE, REFERENCE, Sampled, long_title, s};

contexts! {
    /// Information for the team.
    AdminInfo {
        title: String,
        message: String,
        action_path: Option<String>,
    }

    /// A new order, for the team.
    AdminOrder {
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Cents, when the price is known.
        amount: Option<i64>,
        /// It costs nothing.
        #[serde(default)]
        offered: bool,
    }

    /// A payment received, for the team.
    AdminPayment {
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// Paid, in cents.
        amount: i64,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Absent when nothing is invoiced.
        invoice_number: Option<String>,
    }

    /// An order waiting for its payment, for the team.
    AdminProjectPaymentPending {
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        #[serde(default)]
        reference: String,
        /// Due, in cents.
        amount: i64,
        pages: Option<u32>,
        /// Number of manuscripts received.
        files: u32,
    }

    /// Something that needs the team's attention.
    AdminWarning {
        title: String,
        message: String,
        action_path: Option<String>,
    }
}

impl Sampled for AdminInfo {
    fn samples() -> Vec<Self> {
        vec![
            Self {
                title: s("Nouvelle inscription : Éloïse d'Aubigné"),
                message: s(
                    "Éloïse d'Aubigné <eloise@example.com> vient de créer son compte.\n\nBienvenue à elle !",
                ),
                action_path: Some(s("/admin/users")),
            },
            Self { title: s(NASTY_TITLE), message: long_title(), action_path: None },
        ]
    }
}

impl Sampled for AdminOrder {
    fn samples() -> Vec<Self> {
        let priced = Self {
            customer_name: s("Éloïse d'Aubigné"),
            customer_email: s("eloise@example.com"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            amount: Some(46_800),
            offered: false,
        };
        let unpriced = Self { commande_title: long_title(), amount: None, ..priced.clone() };
        let offered = Self { offered: true, ..unpriced.clone() };
        vec![priced, unpriced, offered]
    }
}

impl Sampled for AdminPayment {
    fn samples() -> Vec<Self> {
        let invoiced = Self {
            customer_name: s("Éloïse d'Aubigné"),
            customer_email: s("eloise@example.com"),
            commande_title: s(NASTY_TITLE),
            amount: 46_800,
            reference: s(REFERENCE),
            invoice_number: Some(s("FA-2026-000123")),
        };
        let bare = Self { reference: String::new(), invoice_number: None, ..invoiced.clone() };
        vec![invoiced, bare]
    }
}

impl Sampled for AdminProjectPaymentPending {
    fn samples() -> Vec<Self> {
        let one = Self {
            customer_name: s("Éloïse d'Aubigné"),
            customer_email: s("eloise@example.com"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            amount: 46_800,
            pages: Some(312),
            files: 2,
        };
        let bare = Self { pages: None, files: 0, ..one.clone() };
        vec![one, bare]
    }
}

impl Sampled for AdminWarning {
    fn samples() -> Vec<Self> {
        vec![
            Self {
                title: s("Session de paiement inconnue"),
                message: s(
                    "Un paiement vient d'arriver sans commande : vérifiez-le.\r\n<script>alert(1)</script>",
                ),
                action_path: Some(s("/admin/commandes")),
            },
            Self {
                title: s("Titre\r\nBcc: victime@example.com"),
                message: s(NASTY_TITLE),
                action_path: None,
            },
        ]
    }
}
