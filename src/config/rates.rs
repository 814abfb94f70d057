use std::time::Duration;

use super::{ConfigError, Environment, Vars};
use crate::http::limits::{Budget, Limit, RateLimitSettings};

/// How often the same person or address may do a thing: each budget has a variable
/// `RATE_LIMIT_<NAME>`, written `max/seconds`; `RATE_LIMIT_ENABLED=false` switches all off.
pub(super) fn load(vars: &Vars, environment: Environment) -> Result<RateLimitSettings, ConfigError> {
    if !vars.flag("RATE_LIMIT_ENABLED", true)? {
        return match environment {
            Environment::Development => Ok(RateLimitSettings::disabled()),
            Environment::Production => {
                Err(ConfigError::Invalid("RATE_LIMIT_ENABLED", "cannot be false in production".into()))
            }
        };
    }
    let mut settings = RateLimitSettings::default();
    for budget in Budget::all() {
        if let Some(text) = vars.get(budget.variable()) {
            settings.set(budget, read(budget.variable(), text)?);
        }
    }
    Ok(settings)
}

fn read(name: &'static str, text: &str) -> Result<Limit, ConfigError> {
    let pair = text.split_once('/').and_then(|(max, seconds)| {
        Some((max.trim().parse().ok()?, Duration::from_secs(seconds.trim().parse().ok()?)))
    });
    match pair {
        Some((max, window)) if max > 0 && !window.is_zero() => Ok(Limit { max, window }),
        _ => Err(ConfigError::Invalid(name, "must be written as max/seconds, such as 10/3600".into())),
    }
}
