use std::time::Duration;

use super::{ConfigError, Environment, Vars};
use crate::http::limits::{Budget, Limit, RateLimitSettings};

/// So many per so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls allowed in a window.
    pub max: u32,
    /// Length of the window, in seconds.
    pub seconds: u64,
}

/// How often the same person or address may do a thing (`RATE_LIMIT_*`, each as `max/seconds`).
#[derive(Clone, Debug)]
pub struct RateSettings {
    /// `RATE_LIMIT_ENABLED`
    pub enabled: bool,
    /// `RATE_LIMIT_LOGIN`: failures per address and account
    pub login: Rate,
    /// `RATE_LIMIT_LOGIN_IP`: failures per address
    pub login_ip: Rate,
    /// `RATE_LIMIT_REGISTER`: per address
    pub register: Rate,
    /// `RATE_LIMIT_RESET`: per address, and per account
    pub reset: Rate,
    /// `RATE_LIMIT_PUBLIC`: each public form, per address
    pub public: Rate,
    /// `RATE_LIMIT_EXPORT`: per user
    pub export: Rate,
    /// `RATE_LIMIT_ANONYMOUS`: everything else, per address
    pub anonymous: Rate,
    /// `RATE_LIMIT_USER`: everything else, per user
    pub user: Rate,
}

const HOUR: u64 = 3600;

impl RateSettings {
    pub(super) fn load(vars: &Vars, environment: Environment) -> Result<Self, ConfigError> {
        let enabled = vars.flag("RATE_LIMIT_ENABLED", true)?;
        if !enabled && environment == Environment::Production {
            return Err(ConfigError::Invalid("RATE_LIMIT_ENABLED", "cannot be false in production".into()));
        }
        let rate = |name, max, seconds| read(vars, name, Rate { max, seconds });
        Ok(Self {
            enabled,
            login: rate("RATE_LIMIT_LOGIN", 5, HOUR)?,
            login_ip: rate("RATE_LIMIT_LOGIN_IP", 50, HOUR)?,
            register: rate("RATE_LIMIT_REGISTER", 20, HOUR)?,
            reset: rate("RATE_LIMIT_RESET", 5, HOUR)?,
            public: rate("RATE_LIMIT_PUBLIC", 10, HOUR)?,
            export: rate("RATE_LIMIT_EXPORT", 3, 24 * HOUR)?,
            anonymous: rate("RATE_LIMIT_ANONYMOUS", 100, HOUR / 4)?,
            user: rate("RATE_LIMIT_USER", 2000, HOUR / 4)?,
        })
    }

    /// The size of each budget that is counted.
    pub fn budgets(&self) -> RateLimitSettings {
        if !self.enabled {
            return RateLimitSettings::disabled();
        }
        let mut settings = RateLimitSettings::default();
        for budget in Budget::all() {
            let Rate { max, seconds } = self.of(budget);
            settings.set(budget, Limit { max, window: Duration::from_secs(seconds) });
        }
        settings
    }

    fn of(&self, budget: Budget) -> Rate {
        match budget {
            Budget::Login => self.login,
            Budget::LoginIp => self.login_ip,
            Budget::Register => self.register,
            Budget::PasswordResetIp | Budget::PasswordResetAccount => self.reset,
            Budget::PublicForm | Budget::GuestOrder | Budget::VisitorChat | Budget::Booking => self.public,
            Budget::Export => self.export,
            Budget::Anonymous => self.anonymous,
            Budget::User => self.user,
        }
    }
}

fn read(vars: &Vars, name: &'static str, default: Rate) -> Result<Rate, ConfigError> {
    let Some(text) = vars.get(name) else { return Ok(default) };
    let pair = text.split_once('/').and_then(|(max, seconds)| {
        Some(Rate { max: max.trim().parse().ok()?, seconds: seconds.trim().parse().ok()? })
    });
    pair.filter(|rate| rate.max > 0 && rate.seconds > 0)
        .ok_or_else(|| ConfigError::Invalid(name, "must be written as max/seconds, such as 10/3600".into()))
}
