//! Mails about conversations.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::samples::{NASTY_TITLE, Sampled, at, long_title, s};

contexts! {
    /// Somebody wrote to the team: a client, or a visitor by whichever form.
    AdminMessage {
        /// What came, such as `Nouveau message de Zoé Lefèvre`.
        title: String,
        sender_name: String,
        sender_email: String,
        #[serde(default)]
        sender_phone: Option<String>,
        /// As the sender worded it.
        #[serde(default)]
        subject: Option<String>,
        text: String,
        /// Names of the documents that came with it.
        #[serde(default)]
        files: Vec<String>,
        action_path: String,
    }

    /// The team wrote to a client.
    MessageUser {
        first_name: String,
        /// Whom it is signed by.
        sender_name: String,
        text: String,
        /// Names of the documents that came with it.
        #[serde(default)]
        files: Vec<String>,
    }

    /// The team answered a visitor.
    VisitorReply {
        first_name: String,
        /// Whom it is signed by.
        sender_name: String,
        text: String,
        /// Names of the documents that came with it.
        #[serde(default)]
        files: Vec<String>,
        conversation_id: Uuid,
        /// Where to read on and answer: a signed link, made when the mail is sent.
        page_path: String,
        /// Until when that page opens.
        expires_at: DateTime<Utc>,
    }

    /// A visitor's message arrived. Not a word of it: anybody may have written it under this address.
    VisitorMessageConfirmation {
        first_name: String,
    }
}

impl Sampled for AdminMessage {
    fn samples() -> Vec<Self> {
        let full = Self {
            title: s("Nouveau message de Éloïse d'Aubigné"),
            sender_name: s("Éloïse d'Aubigné"),
            sender_email: s("eloise@example.com"),
            sender_phone: Some(s("06 12 34 56 78")),
            subject: Some(s(NASTY_TITLE)),
            text: s(
                "Bonjour,\r\n\r\nJ'ai terminé « l'été » : combien coûte la relecture ?\n<script>alert(1)</script>",
            ),
            files: vec![s("l'été & l'hiver.docx"), s("plan & résumé.pdf")],
            action_path: s("/admin/messagerie"),
        };
        let bare = Self {
            title: s("Titre\r\nBcc: victime@example.com"),
            sender_phone: None,
            subject: None,
            text: long_title(),
            files: vec![],
            ..full.clone()
        };
        vec![full, bare]
    }
}

impl Sampled for MessageUser {
    fn samples() -> Vec<Self> {
        let full = Self {
            first_name: s("Éloïse"),
            sender_name: s("Marie de l'équipe"),
            text: s("Votre manuscrit est corrigé.\n\nBonne lecture & à bientôt <b>Éloïse</b> !"),
            files: vec![s("l'été (corrigé).docx")],
        };
        let bare = Self { text: String::new(), ..full.clone() };
        vec![full, bare]
    }
}

impl Sampled for VisitorReply {
    fn samples() -> Vec<Self> {
        let full = Self {
            first_name: s("Éloïse"),
            sender_name: s("Marie de l'équipe"),
            text: s("Bonjour Éloïse,\n\nOui, nous relisons aussi la poésie. {{mystère}}"),
            files: vec![s("tarifs.pdf")],
            conversation_id: Uuid::from_u128(0x7b0f_3c0e_2a51_4c39_9e5d_0d6a_4f1c_8b72),
            page_path: s("/api/public/conversation/q3Jv9xYdWmT0c1aZ7LrKfUuE5nHb2sPo4iGyXtRkVeA"),
            expires_at: at(8, 29, 9, 8),
        };
        let bare = Self { first_name: String::new(), files: vec![], ..full.clone() };
        vec![full, bare]
    }
}

impl Sampled for VisitorMessageConfirmation {
    fn samples() -> Vec<Self> {
        vec![Self { first_name: s("Éloïse") }, Self { first_name: s(NASTY_TITLE) }]
    }
}
