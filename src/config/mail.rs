use secrecy::SecretString;

use super::{ConfigError, Environment, Vars};

/// How mails leave and whom they concern.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The way out.
    pub transport: MailTransport,
    /// `FROM_EMAIL`
    pub from_email: String,
    /// `FROM_NAME`
    pub from_name: String,
    /// `ADMIN_EMAIL`: receives one mail per business event.
    pub admin_email: String,
    /// `SUPPORT_EMAIL`: shown to people who need help.
    pub support_email: String,
}

/// The way mails leave the program.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// `SMTP_URL`: any provider.
    Smtp(SecretString),
    /// `SENDGRID_API_KEY`: SendGrid's relay, with open and click tracking.
    SendGrid(SecretString),
    /// `RESEND_API_KEY`: Resend's relay.
    Resend(SecretString),
    /// The development mailbox.
    Mailbox,
}

impl MailSettings {
    pub(super) fn load(vars: &Vars, environment: Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            transport: transport(vars, environment)?,
            from_email: vars.text("FROM_EMAIL", "contact@staka.fr"),
            from_name: vars.text("FROM_NAME", "Staka Livres"),
            admin_email: vars.text("ADMIN_EMAIL", "contact@staka.fr").trim().to_lowercase(),
            support_email: vars.text("SUPPORT_EMAIL", "contact@staka.fr"),
        })
    }
}

fn transport(vars: &Vars, environment: Environment) -> Result<MailTransport, ConfigError> {
    if let Some(url) = vars.secret("SMTP_URL") {
        return Ok(MailTransport::Smtp(url));
    }
    if let Some(key) = vars.secret("SENDGRID_API_KEY") {
        return Ok(MailTransport::SendGrid(key));
    }
    if let Some(key) = vars.secret("RESEND_API_KEY") {
        return Ok(MailTransport::Resend(key));
    }
    match environment {
        Environment::Development => Ok(MailTransport::Mailbox),
        Environment::Production => {
            Err(ConfigError::Missing("SMTP_URL", " in production (or SENDGRID_API_KEY, or RESEND_API_KEY)"))
        }
    }
}
