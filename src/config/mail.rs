use lettre::Address;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ConfigError, Environment, Vars, sites};

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
            from_email: address(vars, "FROM_EMAIL")?,
            from_name: vars.text("FROM_NAME", "Staka Livres"),
            admin_email: address(vars, "ADMIN_EMAIL")?.to_lowercase(),
            support_email: address(vars, "SUPPORT_EMAIL")?,
        })
    }
}

/// An address that mails can be written to.
fn address(vars: &Vars, name: &'static str) -> Result<String, ConfigError> {
    let address = vars.get(name).unwrap_or("contact@staka.fr").trim();
    match address.parse::<Address>() {
        Ok(_) => Ok(address.to_owned()),
        Err(_) => Err(ConfigError::Invalid(name, "must be a bare e-mail address".into())),
    }
}

fn transport(vars: &Vars, environment: Environment) -> Result<MailTransport, ConfigError> {
    if let Some(url) = vars.secret("SMTP_URL") {
        return match tells_its_password(url.expose_secret()) && environment == Environment::Production {
            true => Err(ConfigError::Invalid(
                "SMTP_URL",
                "would send its password in the clear: write smtps://, or add ?tls=required".into(),
            )),
            false => Ok(MailTransport::Smtp(url)),
        };
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

/// Whether the credentials of an `smtp://` address may leave this machine without TLS. What cannot be read is refused
/// where it is used.
fn tells_its_password(url: &str) -> bool {
    let Ok(url) = Url::parse(url.trim()) else { return false };
    let credentials = !url.username().is_empty() || url.password().is_some();
    // Opportunistic TLS is none as soon as somebody in between says so.
    let tls =
        url.query_pairs().any(|(name, value)| name == "tls" && matches!(&*value, "required" | "starttls"));
    url.scheme() == "smtp" && credentials && !tls && !sites::is_loopback(&url)
}
