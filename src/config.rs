//! Every setting of the server, read from the environment once, typed and validated.
//! Nothing else in the crate reads an environment variable.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use chrono::NaiveDate;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use crate::http::limits::RateLimitSettings;

mod company;
mod mail;
mod rates;
mod seeds;
mod storage;
mod stripe;

pub use company::{Seller, VatRegime, VatSettings};
pub use mail::{MailSettings, MailTransport};
pub use seeds::{SeedAccount, SeedSettings};
pub use storage::{BucketSettings, StorageSettings};
pub use stripe::StripeSettings;

/// Where the program runs; development replaces the edges (mail, Stripe) by simulations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A workstation or a test.
    Development,
    /// Real people, real money.
    Production,
}

/// All settings of a running server.
#[derive(Clone, Debug)]
pub struct Config {
    /// `APP_ENV`
    pub environment: Environment,
    /// `BIND_ADDRESS` and `PORT`
    pub listen: SocketAddr,
    /// `MAX_IN_FLIGHT`: requests served at the same time.
    pub max_in_flight: usize,
    /// `DATABASE_URL`
    pub database_url: SecretString,
    /// `DATABASE_MAX_CONNECTIONS`; the pool's default when absent.
    pub database_max_connections: Option<u32>,
    /// `MIGRATE_ON_START`
    pub migrate_on_start: bool,
    /// `JWT_SECRET`: signs sessions and private links.
    pub jwt_secret: SecretString,
    /// `FRONTEND_URL`: allowed origins; the first is where people are sent.
    pub frontend_urls: Vec<String>,
    /// `APP_URL`: base of the links in mails; the first frontend when absent.
    pub app_url: String,
    /// `API_URL`: public base of the links that must reach this server itself; `APP_URL` when absent.
    pub api_url: String,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `UPLOADS_DIR`, `UPLOADS_RESERVE_MB`, `STORAGE_*`
    pub storage: StorageSettings,
    /// `SPA_DIR`: when set, the built web application is served too.
    pub spa_dir: Option<PathBuf>,
    /// `LOG_LEVEL`: a filter directive such as `info` or `staka=debug`.
    pub log_level: String,
    /// `STRIPE_*`
    pub stripe: StripeSettings,
    /// `SMTP_URL`, `SENDGRID_API_KEY`, `RESEND_API_KEY`, `FROM_*`, `ADMIN_EMAIL`, `SUPPORT_EMAIL`
    pub mail: MailSettings,
    /// `COMPANY_*`
    pub company: Seller,
    /// `VAT_*`
    pub vat: VatSettings,
    /// `RATE_LIMIT_*`
    pub rates: RateLimitSettings,
    /// `SEED_*`
    pub seeds: SeedSettings,
}

/// A setting that keeps the program from starting; names the variable, never its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable production cannot do without.
    #[error("{0} is not set; it is required{1}")]
    Missing(&'static str, &'static str),
    /// A value that cannot be read or must not be used.
    #[error("{0} {1}")]
    Invalid(&'static str, String),
}

/// The variables a configuration is read from.
pub struct Vars {
    values: HashMap<String, String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Vars {
    /// The process environment; an empty value counts as absent.
    #[allow(clippy::disallowed_methods)]
    pub fn from_env() -> Self {
        Self::from_iter(std::env::vars())
    }

    /// Sets a variable unless it has a value already.
    pub fn or_default(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.entry(name.to_owned()).or_insert_with(|| value.into());
        self
    }

    /// Sets a variable whatever its value.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Whether a variable has a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        self.values.get(name).map(String::as_str)
    }

    /// The names asked for so far, sorted: what the documentation has to list.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn text(&self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or(default).to_owned()
    }

    fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.get(name).ok_or(ConfigError::Missing(name, ""))
    }

    fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    fn parsed<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, ConfigError>
    where
        T::Err: fmt::Display,
    {
        self.get(name)
            .map(|value| {
                value.parse().map_err(|error| ConfigError::Invalid(name, format!("cannot be read: {error}")))
            })
            .transpose()
    }

    fn flag(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some("false" | "0" | "no" | "off") => Ok(false),
            Some(_) => Err(ConfigError::Invalid(name, "must be true or false".into())),
        }
    }

    fn list(&self, name: &str, default: &str) -> Vec<String> {
        self.get(name)
            .unwrap_or(default)
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl FromIterator<(String, String)> for Vars {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(vars: I) -> Self {
        let given = vars.into_iter().filter(|(_, value)| !value.trim().is_empty());
        Self { values: given.collect(), asked: Mutex::default() }
    }
}

const PRIVATE_RANGES: &str = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7";

impl Config {
    /// Reads and validates all settings.
    ///
    /// # Errors
    /// The first variable that is missing, unreadable or unsafe for the environment.
    pub fn load(vars: &Vars) -> Result<Self, ConfigError> {
        let environment = environment(vars)?;
        let frontend_urls = origins(vars, environment)?;
        let site = first(&frontend_urls);
        let app_url = vars.get("APP_URL").unwrap_or(site).trim_end_matches('/').to_owned();
        let config = Self {
            environment,
            listen: listen_address(vars)?,
            database_url: vars.required("DATABASE_URL")?.into(),
            database_max_connections: vars.parsed("DATABASE_MAX_CONNECTIONS")?,
            migrate_on_start: vars.flag("MIGRATE_ON_START", environment == Environment::Development)?,
            jwt_secret: jwt_secret(vars)?,
            api_url: vars.get("API_URL").unwrap_or(&app_url).trim_end_matches('/').to_owned(),
            app_url,
            frontend_urls,
            trusted_proxies: proxies(vars)?,
            storage: StorageSettings::load(vars)?,
            max_in_flight: vars.parsed("MAX_IN_FLIGHT")?.unwrap_or(512),
            spa_dir: vars.get("SPA_DIR").map(PathBuf::from),
            log_level: vars.text("LOG_LEVEL", "info"),
            stripe: StripeSettings::load(vars, environment)?,
            mail: MailSettings::load(vars, environment)?,
            company: company::seller(vars, environment)?,
            vat: VatSettings::load(vars, environment)?,
            rates: rates::load(vars, environment)?,
            seeds: SeedSettings::load(vars),
        };
        Ok(config)
    }

    /// Settings for a command that only needs the database: what a server must know besides may be missing.
    ///
    /// # Errors
    /// When `DATABASE_URL` is missing or a given variable cannot be read.
    pub fn load_for_tools(vars: Vars) -> Result<Self, ConfigError> {
        let production = vars.get("APP_ENV") != Some("development");
        let mut config = Self::load(
            &vars
                .set("APP_ENV", "development")
                .or_default("JWT_SECRET", "a command signs nothing with this value")
                .or_default("STRIPE_WEBHOOK_SECRET", "none"),
        )?;
        if production {
            config.environment = Environment::Production;
        }
        Ok(config)
    }

    /// The site people are sent to, without a final slash: the first of the frontends.
    pub fn site(&self) -> &str {
        first(&self.frontend_urls)
    }

    /// Whether this is a development server.
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }
}

fn environment(vars: &Vars) -> Result<Environment, ConfigError> {
    match vars.get("APP_ENV") {
        Some("development") => Ok(Environment::Development),
        Some("production") | None => Ok(Environment::Production),
        Some(_) => Err(ConfigError::Invalid("APP_ENV", "must be development or production".into())),
    }
}

fn origins(vars: &Vars, environment: Environment) -> Result<Vec<String>, ConfigError> {
    let default = match environment {
        Environment::Development => "http://localhost:3000",
        Environment::Production => "",
    };
    let urls: Vec<String> =
        vars.list("FRONTEND_URL", default).iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
    if urls.is_empty() {
        return Err(ConfigError::Missing("FRONTEND_URL", ": links and redirections are built from it"));
    }
    match urls.iter().find(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        Some(_) => Err(ConfigError::Invalid("FRONTEND_URL", "must list http(s) origins".into())),
        None => Ok(urls),
    }
}

/// The first of the frontends; [`origins`] accepts no empty list.
fn first(frontend_urls: &[String]) -> &str {
    frontend_urls.first().map_or("", String::as_str)
}

/// Where the server of these variables listens (`BIND_ADDRESS`, `PORT`).
///
/// # Errors
/// When one of them cannot be read.
pub fn listen_address(vars: &Vars) -> Result<SocketAddr, ConfigError> {
    let address = vars.parsed("BIND_ADDRESS")?.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    Ok(SocketAddr::new(address, vars.parsed("PORT")?.unwrap_or(3000)))
}

fn jwt_secret(vars: &Vars) -> Result<SecretString, ConfigError> {
    let secret = vars
        .secret("JWT_SECRET")
        .ok_or(ConfigError::Missing("JWT_SECRET", ": sessions are signed with it"))?;
    match secret.expose_secret().len() {
        0..32 => Err(ConfigError::Invalid("JWT_SECRET", "must have at least 32 characters".into())),
        _ => Ok(secret),
    }
}

fn proxies(vars: &Vars) -> Result<Vec<IpNet>, ConfigError> {
    let read = |item: &String| {
        item.parse::<IpNet>()
            .or_else(|error| item.parse::<IpAddr>().map(IpNet::from).map_err(|_| error))
            .map_err(|error| ConfigError::Invalid("TRUSTED_PROXIES", format!("has a bad entry: {error}")))
    };
    vars.list("TRUSTED_PROXIES", PRIVATE_RANGES).iter().map(read).collect()
}

/// Reads an ISO date such as `2026-01-31`.
fn date(vars: &Vars, name: &'static str) -> Result<Option<NaiveDate>, ConfigError> {
    vars.parsed(name)
}
