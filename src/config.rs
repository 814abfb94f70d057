//! Every setting of the server, read from the environment once, typed and validated.
//! Nothing else in the crate reads an environment variable.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use chrono::NaiveDate;
use ipnet::IpNet;
use secrecy::SecretString;

use crate::http::{Bounds, client_ip::PRIVATE_RANGES, limits::RateLimitSettings};

mod company;
mod hashing;
mod mail;
mod rates;
mod secrets;
mod seeds;
mod sites;
mod storage;
mod stripe;
mod terms;

pub use company::{Seller, VatRegime, VatSettings};
pub use hashing::Hashing;
pub use mail::{MailSettings, MailTransport};
pub use seeds::{SeedAccount, SeedSettings};
pub use storage::{BucketSettings, ScannerAddress, StorageSettings};
pub use stripe::StripeSettings;
pub use terms::Terms;

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
    /// `MAX_IN_FLIGHT`, `MAX_UPLOADS`: what clients may hold of the server.
    pub bounds: Bounds,
    /// What hashing a password costs.
    pub hashing: Hashing,
    /// `DATABASE_URL`
    pub database_url: SecretString,
    /// `DATABASE_MAX_CONNECTIONS`; the pool's default when absent.
    pub database_max_connections: Option<u32>,
    /// `DEMO_MODE`: whether administrators may make the demonstration.
    pub demo_mode: bool,
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
    /// `UPLOADS_DIR`, `UPLOADS_RESERVE_MB`, `STORAGE_*`, `CLAMD_URL`
    pub storage: StorageSettings,
    /// `ERASURE_LOG`: the file that names the accounts that were erased.
    pub erasure_log: PathBuf,
    /// `SPA_DIR`: when set, the built web application is served too.
    pub spa_dir: Option<PathBuf>,
    /// `LOG_LEVEL`: a filter directive such as `info` or `staka=debug`.
    pub log_level: String,
    /// `STRIPE_*`
    pub stripe: StripeSettings,
    /// `TERMS_URL` and `TERMS_VERSION`: agreed to on the payment page, when they are given.
    pub terms: Option<Terms>,
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
    /// A value that is no text.
    #[error("{0} cannot be read: it is not written in UTF-8")]
    NotText(String),
}

/// The variables a configuration is read from.
pub struct Vars {
    values: HashMap<String, String>,
    /// Names of variables whose value is no text. Only those that are asked for matter.
    unreadable: BTreeSet<String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Vars {
    /// The process environment; an empty value counts as absent.
    #[allow(clippy::disallowed_methods)]
    pub fn from_env() -> Self {
        Self::from_iter(std::env::vars_os())
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

    /// The first name asked for whose value is no text.
    fn unreadable(&self) -> Option<String> {
        self.asked().into_iter().find(|name| self.unreadable.contains(name))
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
        vars.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }
}

impl FromIterator<(OsString, OsString)> for Vars {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(vars: I) -> Self {
        let (mut values, mut unreadable) = (HashMap::new(), BTreeSet::new());
        for (name, value) in vars {
            // A name that is no text is none of ours.
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) if value.trim().is_empty() => {}
                Ok(value) => values.extend([(name, value)]),
                Err(_) => unreadable.extend([name]),
            }
        }
        Self { values, unreadable, asked: Mutex::default() }
    }
}

impl Config {
    /// Reads and validates all settings.
    ///
    /// # Errors
    /// The first variable that is missing, unreadable or unsafe for the environment.
    pub fn load(vars: &Vars) -> Result<Self, ConfigError> {
        let config = Self::read(vars);
        match vars.unreadable() {
            Some(name) => Err(ConfigError::NotText(name)),
            None => config,
        }
    }

    fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let environment = environment(vars)?;
        let frontend_urls = sites::origins(vars, environment)?;
        let site = first(&frontend_urls);
        let app_url = sites::address(vars, "APP_URL")?.unwrap_or_else(|| site.to_owned());
        let company = company::seller(vars, environment)?;
        let vat = VatSettings::load(vars, environment)?;
        company::vat_number_given(&company, &vat, environment)?;
        let config = Self {
            environment,
            listen: listen_address(vars)?,
            database_url: vars.required("DATABASE_URL")?.into(),
            database_max_connections: vars.parsed("DATABASE_MAX_CONNECTIONS")?,
            demo_mode: vars.flag("DEMO_MODE", false)?,
            migrate_on_start: vars.flag("MIGRATE_ON_START", environment == Environment::Development)?,
            jwt_secret: secrets::jwt_secret(vars, environment)?,
            api_url: sites::address(vars, "API_URL")?.unwrap_or_else(|| app_url.clone()),
            app_url,
            frontend_urls,
            trusted_proxies: proxies(vars)?,
            storage: StorageSettings::load(vars)?,
            erasure_log: storage::erasure_log(vars),
            bounds: bounds(vars)?,
            hashing: Hashing::default(),
            spa_dir: vars.get("SPA_DIR").map(PathBuf::from),
            log_level: vars.text("LOG_LEVEL", "info"),
            stripe: StripeSettings::load(vars, environment)?,
            terms: Terms::load(vars)?,
            mail: MailSettings::load(vars, environment)?,
            company,
            vat,
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
                .or_default("STRIPE_WEBHOOK_SECRET", "whsec_none"),
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

/// The first of the frontends; [`sites::origins`] accepts no empty list.
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

fn bounds(vars: &Vars) -> Result<Bounds, ConfigError> {
    let usual = Bounds::default();
    Ok(Bounds {
        requests: vars.parsed("MAX_IN_FLIGHT")?.unwrap_or(usual.requests),
        uploads: vars.parsed("MAX_UPLOADS")?.unwrap_or(usual.uploads),
        ..usual
    })
}

fn proxies(vars: &Vars) -> Result<Vec<IpNet>, ConfigError> {
    let read = |item: &String| {
        item.parse::<IpNet>()
            .or_else(|error| item.parse::<IpAddr>().map(IpNet::from).map_err(|_| error))
            .map_err(|error| ConfigError::Invalid("TRUSTED_PROXIES", format!("has a bad entry: {error}")))
    };
    let networks = vars.list("TRUSTED_PROXIES", PRIVATE_RANGES).iter().map(read).collect::<Result<_, _>>()?;
    // Whoever is trusted says who the client is: if everybody is, everybody is anybody.
    match IpNet::aggregate(&networks).iter().any(|network| network.prefix_len() == 0) {
        true => Err(ConfigError::Invalid("TRUSTED_PROXIES", "must not be every address there is".into())),
        false => Ok(networks),
    }
}

/// Reads an ISO date such as `2026-01-31`.
fn date(vars: &Vars, name: &'static str) -> Result<Option<NaiveDate>, ConfigError> {
    vars.parsed(name)
}
