use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, Environment, Vars, sites};

/// How to speak to Stripe.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// `STRIPE_SECRET_KEY`; absent in development: the simulator answers instead.
    pub secret_key: Option<SecretString>,
    /// `STRIPE_WEBHOOK_SECRET`: a comma list, so that two secrets are valid while one replaces the other.
    pub webhook_secrets: Vec<SecretString>,
    /// `STRIPE_ALLOWED_SOURCES`: values of `metadata.source` that are ours; the Stripe account is
    /// shared with other sites.
    pub allowed_sources: Vec<String>,
    /// `STRIPE_API_URL`: another base address of the Stripe API, for tests.
    pub api_url: Option<String>,
}

const PLACEHOLDER: &str = "your_stripe_secret_key_here";

impl StripeSettings {
    pub(super) fn load(vars: &Vars, environment: Environment) -> Result<Self, ConfigError> {
        let secret_key = vars.secret("STRIPE_SECRET_KEY").filter(|key| key.expose_secret() != PLACEHOLDER);
        let webhook_secrets: Vec<SecretString> =
            vars.list("STRIPE_WEBHOOK_SECRET", "").into_iter().map(SecretString::from).collect();
        let live = environment == Environment::Production || secret_key.is_some();
        if live && secret_key.is_none() {
            return Err(ConfigError::Missing("STRIPE_SECRET_KEY", " in production"));
        }
        if live && webhook_secrets.is_empty() {
            return Err(ConfigError::Missing(
                "STRIPE_WEBHOOK_SECRET",
                ": payments are confirmed by signed webhooks",
            ));
        }
        if let Some(key) = &secret_key {
            judge(key, &webhook_secrets)?;
        }
        Ok(Self {
            secret_key,
            webhook_secrets,
            allowed_sources: vars.list("STRIPE_ALLOWED_SOURCES", "livrestaka.fr"),
            api_url: sites::address(vars, "STRIPE_API_URL")?,
        })
    }

    /// Whether Stripe is played by this program.
    pub fn simulated(&self) -> bool {
        self.secret_key.is_none()
    }

    /// The source this server writes on what it creates.
    pub fn source(&self) -> &str {
        self.allowed_sources.first().map_or("livrestaka.fr", String::as_str)
    }
}

/// What Stripe hands out side by side is easily taken for one another: secret keys (`sk_`, restricted ones `rk_`),
/// publishable keys (`pk_`), which open nothing, and the secrets of webhooks (`whsec_`).
fn judge(key: &SecretString, webhook_secrets: &[SecretString]) -> Result<(), ConfigError> {
    if !["sk_", "rk_"].iter().any(|prefix| key.expose_secret().starts_with(prefix)) {
        return Err(ConfigError::Invalid("STRIPE_SECRET_KEY", "must begin with sk_ or rk_".into()));
    }
    match webhook_secrets.iter().all(|secret| secret.expose_secret().starts_with("whsec_")) {
        true => Ok(()),
        false => Err(ConfigError::Invalid("STRIPE_WEBHOOK_SECRET", "must begin with whsec_".into())),
    }
}
