//! Mails about the forms of the public site.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::samples::{NASTY_TITLE, Sampled, TOKEN, s};

contexts! {
    /// A message of the contact form arrived.
    VisitorContactConfirmation {
        name: String,
        /// What it is about.
        subject: String,
        /// When an answer may be expected, in words.
        support_delay: String,
    }

    /// A request for a free sample arrived.
    VisitorSampleConfirmation {
        name: String,
        /// Name of the document that came with it.
        file_name: Option<String>,
        /// When an answer may be expected, in words.
        support_delay: String,
    }

    /// Confirmation asked of who wants the newsletter.
    NewsletterConfirmation {
        /// Who wants it.
        subscriber_id: Uuid,
        /// Where to confirm it: a signed link, made when the mail is sent.
        confirm_path: String,
    }

    /// The newsletter was agreed to.
    NewsletterWelcome {
        /// Who agreed.
        subscriber_id: Uuid,
        /// The way out: a signed link, made when the mail is sent.
        leave_path: String,
    }

    /// A message of the contact form, for the team.
    AdminContactMessage {
        contact_name: String,
        contact_email: String,
        contact_phone: String,
        contact_subject: String,
        contact_message: String,
    }

    /// A request for a free sample, for the team; the document travels as an attachment.
    AdminFreeSample {
        prospect_name: String,
        prospect_email: String,
        prospect_phone: String,
        genre: Option<String>,
        description: Option<String>,
        file_name: Option<String>,
        /// In words, such as `123 Ko`.
        file_size: Option<String>,
    }
}

impl Sampled for VisitorContactConfirmation {
    fn samples() -> Vec<Self> {
        vec![Self { name: s("Éloïse d'Orgeval"), subject: s(NASTY_TITLE), support_delay: s("24 h") }]
    }
}

impl Sampled for VisitorSampleConfirmation {
    fn samples() -> Vec<Self> {
        let sent = Self {
            name: s("Éloïse d'Orgeval"),
            file_name: Some(s("L'été <b>.docx")),
            support_delay: s("48 h"),
        };
        let bare = Self { file_name: None, ..sent.clone() };
        vec![sent, bare]
    }
}

impl Sampled for NewsletterConfirmation {
    fn samples() -> Vec<Self> {
        vec![Self {
            subscriber_id: Uuid::from_u128(7),
            confirm_path: format!("/api/public/newsletter/confirm/{TOKEN}"),
        }]
    }
}

impl Sampled for NewsletterWelcome {
    fn samples() -> Vec<Self> {
        vec![Self {
            subscriber_id: Uuid::from_u128(7),
            leave_path: format!("/api/public/newsletter/leave/{TOKEN}"),
        }]
    }
}

impl Sampled for AdminContactMessage {
    fn samples() -> Vec<Self> {
        vec![Self {
            contact_name: s("Éloïse d'Orgeval & <b>Noé</b>"),
            contact_email: s("eloise@example.com"),
            contact_phone: s("+33 6 12 34 56 78"),
            contact_subject: s(NASTY_TITLE),
            contact_message: s(
                "Bonjour,\n\nUne question : <script>alert(1)</script> {{mystère}} ?\n\nÉloïse",
            ),
        }]
    }
}

impl Sampled for AdminFreeSample {
    fn samples() -> Vec<Self> {
        let sent = Self {
            prospect_name: s("Éloïse d'Orgeval"),
            prospect_email: s("eloise@example.com"),
            prospect_phone: s("+33 6 12 34 56 78"),
            genre: Some(s("Roman")),
            description: Some(format!("À propos de {NASTY_TITLE}")),
            file_name: Some(s("L'été <b>.docx")),
            file_size: Some(s("123 Ko")),
        };
        let bare = Self { genre: None, description: None, file_name: None, file_size: None, ..sent.clone() };
        vec![sent, bare]
    }
}
