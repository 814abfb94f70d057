//! Mails about the documents of an order.

use serde::{Deserialize, Serialize};

use super::samples::{COMMANDE, NASTY_TITLE, REFERENCE, Sampled, long_title, s};

contexts! {
    /// A corrected document, for the author of the order.
    DocumentUser {
        first_name: String,
        filename: String,
        commande_title: String,
        commande_id: String,
        /// What people call the order; empty for one that has no reference yet.
        reference: String,
    }

    /// A document of the author, for the corrector of the order.
    DocumentCorrector {
        first_name: String,
        author_name: String,
        filename: String,
        commande_title: String,
        commande_id: String,
        /// What people call the order; empty for one that has no reference yet.
        reference: String,
    }

    /// A document of the author, for the team.
    AdminDocument {
        customer_name: String,
        customer_email: String,
        filename: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        reference: String,
    }
}

/// As people name files.
const NASTY_FILE: &str = "L'été d'Élise <b>corrigé</b> {{mystère}} — v2 (final).docx";

impl Sampled for DocumentUser {
    fn samples() -> Vec<Self> {
        let usual = Self {
            first_name: s("Éloïse"),
            filename: s(NASTY_FILE),
            commande_title: s(NASTY_TITLE),
            commande_id: s(COMMANDE),
            reference: s(REFERENCE),
        };
        let bare = Self { commande_title: long_title(), reference: String::new(), ..usual.clone() };
        vec![usual, bare]
    }
}

impl Sampled for DocumentCorrector {
    fn samples() -> Vec<Self> {
        let usual = Self {
            first_name: s("Anne-Laure"),
            author_name: s("Éloïse d'Aubigné"),
            filename: s(NASTY_FILE),
            commande_title: s(NASTY_TITLE),
            commande_id: s(COMMANDE),
            reference: s(REFERENCE),
        };
        let bare = Self { commande_title: long_title(), reference: String::new(), ..usual.clone() };
        vec![usual, bare]
    }
}

impl Sampled for AdminDocument {
    fn samples() -> Vec<Self> {
        let usual = Self {
            customer_name: s("Éloïse d'Aubigné"),
            customer_email: s("eloise@example.com"),
            filename: s(NASTY_FILE),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
        };
        let bare = Self { commande_title: long_title(), reference: String::new(), ..usual.clone() };
        vec![usual, bare]
    }
}
