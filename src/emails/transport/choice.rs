//! The way out the settings chose.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::{Mailbox, Outgoing, SendError, Sender, SmtpTransport, SmtpUrlError};
use crate::{
    config::{MailSettings, MailTransport},
    db::Db,
};

/// How mails leave the program. Cheap to clone.
#[derive(Clone)]
pub enum Transport {
    /// To an SMTP server.
    Smtp(SmtpTransport),
    /// Into the development mailbox.
    Mailbox(Mailbox),
}

impl Transport {
    /// The transport the settings name, its tables created when it has any. Call it inside the Tokio runtime.
    ///
    /// # Errors
    /// When `SMTP_URL` cannot be understood or the database refuses the tables.
    pub async fn from_settings(settings: &MailSettings, db: &Db) -> anyhow::Result<Self> {
        match Self::outward(settings)? {
            Some(smtp) => Ok(Self::Smtp(smtp)),
            None => {
                let mailbox = Mailbox::new(db.clone());
                mailbox.prepare().await?;
                Ok(Self::Mailbox(mailbox))
            }
        }
    }

    /// Whether the settings can be used, without using them. Call it inside the Tokio runtime.
    ///
    /// # Errors
    /// When `SMTP_URL` cannot be understood.
    pub fn validate(settings: &MailSettings) -> Result<(), SmtpUrlError> {
        Self::outward(settings).map(drop)
    }

    /// The client of the settings; none for the mailbox. Call it inside the Tokio runtime.
    ///
    /// # Errors
    /// When `SMTP_URL` cannot be understood.
    pub fn outward(settings: &MailSettings) -> Result<Option<SmtpTransport>, SmtpUrlError> {
        Ok(Some(match &settings.transport {
            MailTransport::Smtp(url) => SmtpTransport::from_url(url.expose_secret())?,
            MailTransport::SendGrid(key) => SmtpTransport::from_sendgrid_key(key.expose_secret())?,
            MailTransport::Resend(key) => SmtpTransport::from_resend_key(key.expose_secret())?,
            MailTransport::Mailbox => return Ok(None),
        }))
    }

    /// Sends one mail, dated `now`.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, sender: &Sender, mail: &Outgoing, now: DateTime<Utc>) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(sender, mail, now).await,
            Self::Mailbox(mailbox) => mailbox.send(sender, mail, now).await,
        }
    }

    /// Whether mails can leave now; the mailbox lives in the database, which is probed elsewhere.
    ///
    /// # Errors
    /// `Transient`, whatever the reason.
    pub async fn probe(&self) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.probe().await,
            Self::Mailbox(_) => Ok(()),
        }
    }
}
