//! Examples of every mail: what previews show and what tests render.

use super::contexts::*;
use chrono::{DateTime, TimeZone, Utc};
use uuid::Uuid;

/// A context that can show what it looks like.
pub trait Sampled: Sized {
    /// At least one realistic example.
    fn samples() -> Vec<Self>;
}

/// Apostrophes, markup, template syntax, emoji and non-latin letters: all of it must come out as typed.
const NASTY_TITLE: &str = "L'été d'Élise & <b>Noé</b> : « {{mystère}} » 📚 Ω";
const TOKEN: &str = "q3Jv9xYdWmT0c1aZ7LrKfUuE5nHb2sPo4iGyXtRkVeA";
const REFERENCE: &str = "7F3K-92QD";
const COMMANDE: &str = "7b0f3c0e-2a51-4c39-9e5d-0d6a4f1c8b72";

fn at(month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, month, day, hour, minute, 0).single().unwrap_or_default()
}

fn long_title() -> String {
    "Chroniques d'une bibliothécaire de province, ".repeat(5) + "tome premier"
}

fn s(text: &str) -> String {
    text.to_owned()
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

impl Sampled for PaymentUser {
    fn samples() -> Vec<Self> {
        let paid = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            amount: 123_456,
            paid_at: at(7, 29, 9, 8),
            reference: s(REFERENCE),
            pack_name: Some(s("Correction Standard")),
        };
        let bare = Self { reference: String::new(), pack_name: None, ..paid.clone() };
        vec![paid, bare]
    }
}

impl Sampled for InvoiceUser {
    fn samples() -> Vec<Self> {
        let invoice = Self {
            first_name: s("Éloïse"),
            number: s("FA-2026-000123"),
            commande_title: s(NASTY_TITLE),
            order_reference: s(REFERENCE),
            amount: 46_800,
            tax_amount: 7_800,
            issued_at: at(7, 29, 9, 8),
            is_credit_note: false,
            has_space: true,
        };
        let credit_note = Self {
            number: s("AV-2026-000004"),
            commande_title: long_title(),
            order_reference: String::new(),
            tax_amount: 0,
            is_credit_note: true,
            has_space: false,
            ..invoice.clone()
        };
        vec![invoice, credit_note]
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

impl Sampled for PaymentFailedUser {
    fn samples() -> Vec<Self> {
        vec![Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            amount: 46_800,
            order_id: Uuid::nil(),
            retry_path: format!("/api/public/reprise/{TOKEN}"),
        }]
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
