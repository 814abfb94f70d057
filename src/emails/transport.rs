//! How a rendered mail leaves: the RFC 5322 message ([`Outgoing::message`]) and the SMTP client.

#![allow(missing_docs, reason = "a field without a comment is called what it holds")]

use chrono::{DateTime, Utc};
use lettre::message::Message;
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::Duration;

mod choice;
mod mailbox;
mod message;

pub use choice::Transport;
pub use mailbox::{Enclosure, Mailbox, Received};

/// Whole of a send: connection, TLS, login, message. Without it a silent server would hold a worker for ever.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest error text kept, in characters.
const ERROR_MAX: usize = 300;
/// Asks SendGrid's relay to count openings and clicks, for this message.
const SENDGRID_TRACKING: &str =
    r#"{"filters": {"clicktrack": {"settings": {"enable": 1}}, "opentrack": {"settings": {"enable": 1}}}}"#;

/// A file sent along, held in memory: keep it small (an invoice, an export under 5 MB).
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    pub filename: String,
    /// Media type; one that does not parse becomes `application/octet-stream`.
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Who signs the mails. Addresses are bare (`contact@livrestaka.fr`).
#[derive(Clone, Debug)]
pub struct Sender {
    pub from_name: String,
    pub from_email: String,
    pub reply_to: Option<String>,
}

/// A rendered mail and where it goes. No `Debug`: all of it is personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `<local@domain>`, the same at every attempt: receivers drop a double by it.
    pub message_id: String,
    /// Bare address.
    pub to: String,
    pub to_name: Option<String>,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// One-click link (RFC 8058), absolute; for mails that may be refused.
    pub unsubscribe_url: Option<String>,
    /// Kind of mail, sent as `X-Template`.
    pub template: String,
}

impl Outgoing {
    /// Builds the message; `.formatted()` of it gives the raw RFC 5322 bytes.
    ///
    /// # Errors
    /// `Permanent` when the recipient, the Message-ID or the link cannot be written in a message;
    /// `Transient` when it is our own sender address.
    pub fn message(&self, sender: &Sender, date: DateTime<Utc>) -> Result<Message, SendError> {
        message::build(self, sender, date)
    }
}

/// Why a mail did not leave. The text is one short line, safe to store: the recipient's address
/// is masked in it, the rest is the server's own reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Network, timeout, 4xx reply, refused login: worth another try.
    #[error("transient: {0}")]
    Transient(String),
    /// 5xx reply, impossible address: another try would get the same answer.
    #[error("permanent: {0}")]
    Permanent(String),
}

/// `SMTP_URL` cannot be used. The text never repeats the URL: it holds a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "SMTP_URL must look like smtps://user:password@host:465, \
     smtp://user:password@host:587?tls=required or smtp://host:25"
)]
pub struct SmtpUrlError;

/// Pooled SMTP client. Build it inside the Tokio runtime: the pool starts a task there.
#[derive(Clone)]
pub struct SmtpTransport {
    client: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
    tracking: bool,
}

impl SmtpTransport {
    /// Client of any SMTP server. `smtps://` is TLS from the first byte, `smtp://...?tls=required`
    /// (or `tls=starttls`) upgrades or fails, plain `smtp://` is for a local relay. User and
    /// password are percent-encoded.
    ///
    /// # Errors
    /// [`SmtpUrlError`] when the URL cannot be understood.
    pub fn from_url(url: &str) -> Result<Self, SmtpUrlError> {
        let url = url.trim().replace("tls=starttls", "tls=required");
        AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map(Self::new).map_err(|_| SmtpUrlError)
    }

    /// SendGrid's relay, with open and click tracking.
    ///
    /// # Errors
    /// [`SmtpUrlError`] when TLS cannot be set up.
    pub fn from_sendgrid_key(key: &str) -> Result<Self, SmtpUrlError> {
        let transport = Self::relay("smtp.sendgrid.net", "apikey", key)?;
        Ok(transport.with_tracking(true))
    }

    /// Resend's relay.
    ///
    /// # Errors
    /// [`SmtpUrlError`] when TLS cannot be set up.
    pub fn from_resend_key(key: &str) -> Result<Self, SmtpUrlError> {
        Self::relay("smtp.resend.com", "resend", key)
    }

    /// TLS from the first byte, port 465.
    fn relay(host: &str, user: &str, key: &str) -> Result<Self, SmtpUrlError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(|_| SmtpUrlError)?;
        let credentials = Credentials::new(user.to_owned(), key.trim().to_owned());
        Ok(Self::new(builder.credentials(credentials)))
    }

    fn new(builder: AsyncSmtpTransportBuilder) -> Self {
        Self { client: builder.timeout(Some(SEND_TIMEOUT)).build(), timeout: SEND_TIMEOUT, tracking: false }
    }

    /// Limit of a whole send; 30 s unless said otherwise.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Adds the `X-SMTPAPI` header by which SendGrid counts openings and clicks.
    #[must_use]
    pub fn with_tracking(mut self, tracking: bool) -> Self {
        self.tracking = tracking;
        self
    }

    /// Sends one mail, dated `date`.
    ///
    /// # Errors
    /// See [`SendError`]. After a timeout the mail may have left: the Message-ID covers the double.
    pub async fn send(
        &self,
        sender: &Sender,
        outgoing: &Outgoing,
        date: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let mut mail = outgoing.message(sender, date)?;
        if self.tracking {
            let header = message::header("X-SMTPAPI", SENDGRID_TRACKING.to_owned());
            mail.headers_mut().insert_raw(header);
        }
        match tokio::time::timeout(self.timeout, self.client.send(mail)).await {
            Ok(Ok(_accepted)) => Ok(()),
            Ok(Err(error)) => Err(classify(&error, &outgoing.to)),
            Err(_elapsed) => {
                Err(SendError::Transient(format!("no answer within {} s", self.timeout.as_secs_f32())))
            }
        }
    }

    /// Connects and logs in, within one second.
    ///
    /// # Errors
    /// `Transient`, whatever the reason.
    pub async fn probe(&self) -> Result<(), SendError> {
        match tokio::time::timeout(PROBE_TIMEOUT, self.client.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(SendError::Transient("connection lost".to_owned())),
            Ok(Err(error)) => Err(SendError::Transient(storable(&error.to_string(), ""))),
            Err(_elapsed) => Err(SendError::Transient("no answer within 1 s".to_owned())),
        }
    }
}

/// Only a 5xx reply about this message is permanent. 530, 534, 535 and 538 (RFC 4954 section 6)
/// refuse our login: the recipient has nothing to do with it.
fn classify(error: &lettre::transport::smtp::Error, to: &str) -> SendError {
    let text = storable(&error.to_string(), to);
    let code = error.status().map(u16::from);
    match code {
        Some(530 | 534 | 535 | 538) => SendError::Transient(text),
        Some(500..=599) => SendError::Permanent(text),
        _ => SendError::Transient(text),
    }
}

/// One line, cut, the recipient masked.
fn storable(text: &str, to: &str) -> String {
    let masked = if to.is_empty() { text.to_owned() } else { text.replace(to, "<recipient>") };
    masked.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ERROR_MAX).collect()
}
