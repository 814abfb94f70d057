use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, Environment, Vars};

/// Fewer bytes than the signature has bits are easier to guess than it (RFC 7518 section 3.2).
const LEAST_LENGTH: usize = 32;

/// Fewer different characters were typed, not drawn.
const LEAST_CHARACTERS: usize = 16;

/// Stand in files that anybody can read.
const PUBLISHED: [&str; 3] = [
    "dev_secret_key_change_in_production",
    "CHANGEME_JWT_SECRET_VERY_LONG_AND_SECURE",
    "your_production_jwt_secret_here",
];

/// What sessions and private links are signed with.
pub(super) fn jwt_secret(vars: &Vars, environment: Environment) -> Result<SecretString, ConfigError> {
    let secret = vars
        .secret("JWT_SECRET")
        .ok_or(ConfigError::Missing("JWT_SECRET", ": sessions are signed with it"))?;
    match weakness(secret.expose_secret(), environment) {
        Some(why) => Err(ConfigError::Invalid("JWT_SECRET", format!("{why}: `openssl rand -base64 48`"))),
        None => Ok(secret),
    }
}

fn weakness(secret: &str, environment: Environment) -> Option<&'static str> {
    let mut characters: Vec<char> = secret.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if secret.len() < LEAST_LENGTH {
        return Some("must have at least 32 characters");
    }
    match environment {
        Environment::Development => None,
        Environment::Production if PUBLISHED.contains(&secret) => Some("stands in published files"),
        Environment::Production if characters.len() < LEAST_CHARACTERS => {
            Some("must have at least 16 different characters")
        }
        Environment::Production if repeats(secret.as_bytes()) => Some("repeats a pattern"),
        Environment::Production => None,
    }
}

/// Whether a text is a shorter one, written twice or more.
fn repeats(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|period| text.get(period..) == text.get(..text.len() - period))
}
